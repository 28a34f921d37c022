/* lnnflow help file: the layout of the HDF5 file, for readers. */
#include "cli.h"

const char *const cli_text_file[] = {
    "The file is HDF5 and netCDF-4 at once (classic superblock). Each trajectory is a "
    "group "
    "of its own, named as in the problem, with everything inside:",
    "",
    "  /                    attributes: title, source, history, problem (the text",
    "                       of the problem file), problem_resolved, widths, ...,",
    "                       complete",
    "  /NAME                attributes: system, stepper, rtol, reason, steps, ...",
    "  /NAME/time           (n) flow time",
    "  /NAME/loss, ...      (n) a number a row",
    "  /NAME/W              (n, k, d) the end-to-end matrix W_N ... W_1",
    "  /NAME/W1 ... WN      (n, d_j, d_{j-1}) the layers; along weights_time",
    "                       instead of time if output.weights_every is not 1",
    "  /NAME/output, ...    index scales of the axes",
    "  /data                what the loss is made of, without time: Lambda_xx,",
    "                       Lambda_yx, Lambda_yy, X and Y where the loss needs the",
    "                       examples, mask; attributes weight, whitened, floor, ...",
    "  /volatile            attributes that differ from run to run: host, ...",
    "",
    "A row exists if and only if its time is finite: while the file grows, and after a "
    "crash, the rows from the first time that is NaN on are not there yet. The root "
    "attribute complete is 1 once the writer has closed the file.",
    "",
    "Matrices are stored row by row, W[t, i, j]. Octave, MATLAB, R and Julia show the "
    "axes "
    "reversed: W(j, i, t).",
    "",
    "The attribute long_name of a variable says what it is.",
    "",
    "To read it, with a trajectory called gradient_flow in FILE.h5:",
    "",
    "  lnnflow export FILE.h5 -g gradient_flow loss W",
    "  h5py:    h5py.File(\"FILE.h5\")[\"gradient_flow/W\"][:]",
    "  xarray:  xarray.open_dataset(\"FILE.h5\", group=\"gradient_flow\")",
    "  Octave:  f = load(\"FILE.h5\"); f.gradient_flow.loss",
    "  shell:   h5dump -d /gradient_flow/loss FILE.h5; h5ls -r FILE.h5; ncdump -h "
    "FILE.h5",
    NULL};

void cli_help_file(void)
{
    cli_print_text(cli_text_file);
}
