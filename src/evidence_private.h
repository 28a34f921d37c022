/* Evidence while it is read (src/evidence*.c only). */
#ifndef LNN_EVIDENCE_PRIVATE_H
#define LNN_EVIDENCE_PRIVATE_H

#include "lnn/evidence.h"

struct lnn_reading_evidence {
    struct lnn_evidence e; /* first: what the caller holds a pointer to */
    struct lnn_reader *reader;
    struct lnn_data *data;
    size_t n_owned;
    void **owned; /* every allocation; freed with the evidence */
};

/* Keep `block` until the evidence is freed; NULL (text set) when memory is out, and
 * then `block` is freed. */
void *lnn_evidence_own(struct lnn_reading_evidence *f, void *block);
double *lnn_evidence_array(struct lnn_reading_evidence *f, size_t n); /* zeroed */

/* A variable, or *values == NULL when the group has none of that name and rank. */
int lnn_evidence_variable(struct lnn_reading_evidence *f, const char *group,
                          const char *name, size_t rank, struct lnn_shape *shape,
                          double **values);
/* Attribute of the group, else of the root; `fallback` when neither says it. */
double lnn_evidence_number(struct lnn_reading_evidence *f, const char *group,
                           const char *name, double fallback);
char *lnn_evidence_text(struct lnn_reading_evidence *f, const char *group,
                        const char *name, const char *fallback); /* NULL: no memory */

/* evidence_record.c: *found is false when the group holds neither W nor layers. */
int lnn_evidence_record(struct lnn_reading_evidence *f, const char *group,
                        struct lnn_record *r, bool *found);
/* evidence_rounding.c: relative spacing of n numbers of a variable, by their type or,
 * for doubles, by their bits; the same of one number; r->rounding and r->W_rounding;
 * times that are multiples of the step up to their rounding are made exact. */
double lnn_evidence_spacing(struct lnn_reading_evidence *f, const char *group,
                            const char *name, size_t n, const double values[]);
int lnn_evidence_rounding(struct lnn_reading_evidence *f, struct lnn_record *r);
int lnn_evidence_exact_times(struct lnn_reading_evidence *f, struct lnn_record *r,
                             const char *name, size_t n, const double **t);

/* evidence_loss.c: data and objective, where the file says them; then the losses that
 * the records do not hold. */
int lnn_evidence_loss(struct lnn_reading_evidence *f);

#endif
