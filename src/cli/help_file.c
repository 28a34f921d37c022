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
    "",
    "Files of other programs. lnnflow info and export read every group with a time, an "
    "iteration or a W1. lnnflow verify needs, in a group or in the root:",
    "",
    "  W1 ... WN            (n, d_j, d_{j-1}) the layers, layer 1 next to the input;",
    "                       or W (n, k, d) alone, for what needs no layers",
    "  time or iteration    (n) one of them; without both, and with learning_rate,",
    "                       the rows are the iterations 0, 1, 2, ...",
    "",
    "and takes, where they are there:",
    "",
    "  learning_rate        attribute of the group or root: gradient descent; without",
    "                       it layers along a time are taken for gradient flow",
    "  system               attribute, to say it outright: gradient_flow,",
    "                       gradient_descent, end_to_end, end_to_end_descent",
    "  X, Y                 (m, d), (m, k) the examples, in /data, the root or the",
    "                       first group: loss 1/(2m) ||W X^T - Y^T||_F^2",
    "  Lambda_xx, Lambda_yx (d, d), (k, d) their moments X^T X/m, Y^T X/m instead,",
    "                       and Lambda_yy (k, k) for the loss's value",
    "  Phi or target        (k, d) instead: loss 1/2 ||W - Phi||_F^2",
    "  loss                 root attribute: square (default), masked (with the",
    "                       dataset mask), logistic, lp (with p and scaling)",
    "  weight_decay         attribute, default 0",
    "  loss, W_error,       (n) the loss, and absolute error bars of W and the loss;",
    "  loss_error           without them errors are estimated from the samples'",
    "                       spacing, and less can be decided",
    "",
    "lnnflow verify --json prints one object:",
    "",
    "  format               1; it changes when a field changes its meaning",
    "  file, complete       the path; is the file whole (true when it does not say)",
    "  counts               findings by verdict: holds, violated, not met,",
    "                       inconclusive",
    "  findings             a list of objects with:",
    "    theorem            its name, as in lnnflow list theorems",
    "    trajectory, system the group (/ is the root), what it claims to be",
    "    verdict            holds | violated | not met | inconclusive",
    "    measured, bound    the conclusion reads measured <= bound; bound 0: an",
    "                       identity, measured is 0 within error_bar",
    "    margin, error_bar  bound - measured, and the error of that",
    "    reason             why this verdict, in a sentence",
    "    statement, source  of the theorem",
    "    hypotheses         a list of {text, verdict, measured, bound}",
    "    figures            a list of {name, value}: every measured number",
    "    explanation        the formula with this file's numbers, in lines",
    "",
    "Numbers have 17 digits; what is not finite, or was not reached, is null.",
    NULL};

void cli_help_file(void)
{
    cli_print_text(cli_text_file);
}
