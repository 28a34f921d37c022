/* What simulate.c and simulate_describe.c share: one track per trajectory. */
#ifndef LNN_SIMULATE_PRIVATE_H
#define LNN_SIMULATE_PRIVATE_H

#include "lnn/simulate.h"

/* The gradient flow beside a discrete track; one block with its arrays. */
struct lnn_companion {
    struct lnn_model *model, *model_ref;
    struct lnn_run *run, *run_ref; /* run_ref: the tighter one, or NULL */
    bool good;                     /* w and W are those of the track's time */
    double *w, *w_ref, *W, *W_ref;
    double w_bar, W_bar;    /* error bars; NaN without run_ref */
    double gap, layers_gap; /* as in the track */
};

struct lnn_track {
    const struct lnn_problem_trajectory *spec;
    const struct lnn_ode *ode;
    const struct lnn_stepper *stepper;
    struct lnn_model *model, *model_ref; /* a model each: they hold scratch */
    struct lnn_run *run, *run_ref;       /* run_ref: the tighter second run, or NULL */
    size_t n_observables, n_variables;   /* the latter with W_1..W_N */
    const struct lnn_observable **observables;
    struct lnn_row *shapes;
    struct lnn_variable *variables;
    char (*labels)[3][80]; /* names made for W_1..W_N, their axes, their docs */
    double *y, *y_ref, *W, *W_ref, *C0, *values, *scratch, *w_natural;
    double objective0, W_error;
    /* of W and of the layers to the second run: at least half of what it was before */
    double gap, layers_gap;
    bool watched;        /* balancedness is asked for: it takes d_j x d_j matrices */
    const double *times; /* when it is sampled: the simulator's, or own_times */
    double *own_times;
    struct lnn_companion *flow; /* NULL: no distance to the flow is asked for */
    double reached;             /* time of the state in y */
    enum lnn_reason reason;
    bool fresh, done; /* y is a row to be written; no more rows will come */
    size_t group;     /* in the file */
    char why[256];    /* a failure found here rather than by the run */
};

#define LNN_LEFT_OUT (-1.0)

struct lnn_simulator {
    const struct lnn_problem *problem;
    const struct lnn_simulate_options *options;
    struct lnn_data *data;
    struct lnn_network net;
    /* A search's best runs instead of the problem as it is; both NULL without. Entry i
     * for the i-th trajectory: how many iterations its samples are spread over, and
     * LNN_LEFT_OUT for one that is none. `extra` joins the file. */
    const double *iterations;
    const struct lnn_group *extra;
    double *w0, *times;
    size_t n;
    struct lnn_track *tracks;
    struct lnn_track *partner; /* the first end_to_end trajectory, or NULL */
    struct lnn_track *flow;    /* the first gradient_flow trajectory, or NULL */
    struct lnn_file *file;
    struct lnn_simulation *out;
    double started,
        last_call; /* last_call: when a second run must end after a signal */
    struct lnn_track *stepping; /* whose steps poll() is called for */
};

/* The group /data of the file: moments, and the examples where the loss needs them. */
struct lnn_data_group {
    struct lnn_group group;
    struct lnn_variable variables[6];
    struct lnn_attribute attributes[6];
    char *inputs, *targets;
};
int lnn_data_group_fill(struct lnn_data_group *g, const struct lnn_data *data,
                        bool by_example);
void lnn_data_group_clear(struct lnn_data_group *g);

/* simulate.c: all trajectories into sim->out->path, which it takes from the options;
 * sim->started is set. Closes sim, and frees sim->out unless *simulation gets it. */
int lnn_simulator_run(struct lnn_simulator *sim, struct lnn_simulation **simulation);
double lnn_simulate_now(void); /* seconds, monotonic */
/* Where the file goes, malloc'ed; `output`: what the options say, or NULL. */
char *lnn_simulate_path(const struct lnn_problem *problem, const char *output);
int lnn_simulate_check_path(const struct lnn_problem *problem, const char *path);

/* simulate_open.c; close also what a failed open has left. */
int lnn_simulator_open(struct lnn_simulator *sim);
void lnn_simulator_close(struct lnn_simulator *sim);
/* For sweeps, too: the problem's network, if it is not too large, and whether a system
 * of the product has one: a non-linear network has none. */
int lnn_simulate_network(const struct lnn_problem *problem, struct lnn_network *net);
int lnn_simulate_check_system(const struct lnn_problem *problem, size_t entry,
                              const struct lnn_ode *ode);

struct lnn_run_options lnn_track_options(const struct lnn_simulator *sim,
                                         const struct lnn_track *track, bool reference);

/* simulate_flow.c. Open once the track is described; close also what a failed open has
 * left; follow brings the flow to the time that the track has reached. */
typedef enum lnn_reason lnn_poll(void *, const struct lnn_run *);
int lnn_track_open_flow(const struct lnn_simulator *sim, struct lnn_track *track);
void lnn_track_close_flow(struct lnn_track *track);
void lnn_track_follow_flow(struct lnn_simulator *sim, struct lnn_track *track,
                           lnn_poll *poll);

/* W of a state; left alone where the network is not linear and has none. */
int lnn_track_product(const struct lnn_track *track, struct lnn_model *model,
                      const double y[], double W[]);

/* Error bar of n numbers x, from a finer run's; *gap: the distance to those, kept from
 * sample to sample. */
double lnn_track_bar(double safety, double rounding, size_t n, const double x[],
                     const double ref[], double *gap);

/* Observables, shapes and HDF5 variables of a track. */
int lnn_track_describe(const struct lnn_simulator *sim, struct lnn_track *track);
void lnn_track_undescribe(struct lnn_track *track);

/* Attributes that say who wrote a file and when, for /volatile: 3 of them. */
size_t lnn_volatile_attributes(char host[256], char when[64], struct lnn_attribute a[]);
/* Create the file of all tracks. */
int lnn_simulator_create_file(struct lnn_simulator *sim, const char *path);

/* What is known only at the end: reason, counts. */
int lnn_track_conclude(struct lnn_simulator *sim, const struct lnn_track *track);

/* Evaluate and write the row in track->y, and fold it into the track's result. A state
 * whose loss, gradient or singular values overflow is GSL_EFAILED: no row. */
int lnn_track_row(struct lnn_simulator *sim, struct lnn_track *track);

#endif
