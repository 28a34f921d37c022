/* What the keys of a problem ask of each other, and --set, by the text of messages. */
#include "test_problem.h"

TestSuite(problem_checks, .init = lnn_test_setup);

#define TEACHER NETWORK TIME "data: {kind: teacher, "
#define MASKED   \
    NETWORK TIME \
        "loss: {kind: masked}\ndata: {kind: target, matrix: [[1, 2, 3], [4, 5, 6]]"
#define ENTRIES GOOD "trajectories:\n  - {system: end_to_end}\n  - "

static const struct wrong network_and_time[] = {
    {DATA TIME "network: {widths: [3]}\n", NULL,
     "p.yaml:3:19: error: network.widths has 1 entry; a network has at least d_0 and "
     "d_1"},
    {DATA TIME "network: {widths: []}\n", NULL,
     "p.yaml:3:19: error: network.widths: expected a list of whole numbers, got a "
     "list"},
    {DATA TIME "network: {widths: [3, 0, 2]}\n", NULL,
     "p.yaml:3:23: error: network.widths: expected a whole number in [1, 1000000], "
     "got "
     "\"0\""},
    {NETWORK DATA "time: {end: 1, spacing: log, first: 1}\n", NULL,
     "p.yaml:3:37: error: time.first is 1; it must be below time.end, 1"},
    {GOOD "init: {kind: lambda_balanced}\n", "network.widths=[3, 2]",
     "p.yaml:4:14: error: init.kind lambda_balanced is for two layers (three "
     "widths); "
     "the network has 1 layer"},
    {GOOD "init: {kind: file, file: a.h5, row: 0.5}\n", NULL,
     "p.yaml:4:37: error: init.row must be a whole number"},
    {0}};

Test(problem_checks, network_and_time)
{
    expect_all(network_and_time);
}

static const struct wrong data_and_loss[] = {
    {MASKED "}\n", NULL,
     "p.yaml:3:14: error: loss.kind masked needs data.mask or data.observed"},
    {MASKED ", observed: 0.5, mask: [[1, 0, 1], [0, 0, 1]]}\n", NULL,
     "p.yaml:4:64: error: data.observed and data.mask exclude each other"},
    {MASKED ", mask: [[1, 0, 1], [0, 0.5, 1]]}\n", NULL,
     "p.yaml:4:60: error: data.mask: every entry must be 0 or 1"},
    {MASKED ", mask: [[0, 0, 0], [0, 0, 0]]}\n", NULL,
     "p.yaml:4:60: error: data.mask observes no entry"},
    {MASKED ", mask: [1, 0, 1]}\n", NULL,
     "p.yaml:4:60: error: data.mask is 1 x 3; the widths ask for d_N x d_0 = 2 x 3"},
    {GOOD, "data.observed=0.5",
     "--set data.observed=0.5: error: data.observed goes with loss.kind masked only"},
    {GOOD "loss: {kind: lp}\n", "data.offset=0.5",
     "--set data.offset=0.5: error: data.offset does not go with loss.kind lp; it is "
     "part of a square loss"},
    {TEACHER "rank: 3}\n", NULL,
     "p.yaml:3:29: error: data.rank is 3; the teacher is 2 x 3, of rank at most 2"},
    {TEACHER "rank: 2, intercept: true}\n", "network.widths=[2, 2]",
     "p.yaml:3:29: error: data.rank is 2; the teacher is 2 x 1, of rank at most 1"},
    {TEACHER "intercept: true}\n", "network.widths=[1, 2]",
     "p.yaml:3:34: error: data.intercept takes the only input; d_0 must be at least "
     "2"},
    {TEACHER "intercept: true, scale: whiten}\n", NULL,
     "p.yaml:3:34: error: data.intercept does not go with data.scale whiten; the "
     "inputs "
     "would not stay white"},
    {0}};

Test(problem_checks, data_and_loss)
{
    expect_all(data_and_loss);
}

static const struct wrong trajectories[] = {
    {GOOD "trajectories: []\n", NULL,
     "p.yaml:4:15: error: trajectories is an empty list; leave it out for its "
     "default"},
    {GOOD "trajectories:\n", NULL,
     "p.yaml:4:14: error: trajectories is an empty list; leave it out for its "
     "default"},
    {GOOD "trajectories: {system: end_to_end}\n", NULL,
     "p.yaml:4:15: error: trajectories must be a list of mappings, got a mapping"},
    {ENTRIES "end_to_end\n", NULL,
     "p.yaml:6:5: error: an entry of trajectories must be a mapping like {system: "
     "...}, got \"end_to_end\""},
    {ENTRIES "{system: end_to_end}\n", NULL,
     "p.yaml:6:5: error: two trajectories are called \"end_to_end\"; give one "
     "another "
     "name"},
    {ENTRIES "{system: exact, name: a/b}\n", NULL,
     "p.yaml:6:27: error: trajectories.name: \"a/b\" cannot name a group; use "
     "letters, "
     "digits, _, - and . (not first)"},
    {ENTRIES "{system: exact, name: .a}\n", NULL,
     "p.yaml:6:27: error: trajectories.name: \".a\" cannot name a group; use "
     "letters, "
     "digits, _, - and . (not first)"},
    {ENTRIES "{system: exact, name: ''}\n", NULL,
     "p.yaml:6:27: error: trajectories.name: \"\" cannot name a group; use letters, "
     "digits, _, - and . (not first)"},
    {ENTRIES "{system: exact, name: volatile}\n", NULL,
     "p.yaml:6:27: error: trajectories.name: \"volatile\" is a group of its own in "
     "the "
     "file"},
    {ENTRIES "{system: exact, name: verdicts}\n", NULL,
     "p.yaml:6:27: error: trajectories.name: \"verdicts\" is a group of its own in "
     "the file"},
    {0}};

Test(problem_checks, trajectories)
{
    expect_all(trajectories);
}

static const struct wrong overrides[] = {
    {GOOD, "widths", "--set widths: error: must be of the form section.key=value"},
    {GOOD, "=3", "--set =3: error: must be of the form section.key=value"},
    {GOOD, "widths=3",
     "--set widths=3: error: unknown key \"widths\" in the document; it is a key of "
     "network"},
    {GOOD, "netwrk.widths=3",
     "--set netwrk.widths=3: error: unknown key \"netwrk\" in the document, did you "
     "mean \"network\"?"},
    {GOOD, "network.width=3",
     "--set network.width=3: error: unknown key \"width\" in network, did you mean "
     "\"widths\"?"},
    {GOOD, "network.widths=[3,x]",
     "--set network.widths=[3,x]: error: network.widths: expected a whole number, "
     "got "
     "\"x\""},
    {GOOD, "trajectories.7.rtol=1e-3",
     "--set trajectories.7.rtol=1e-3: error: trajectories has no entry \"7\"; there "
     "are 2, numbered from 0"},
    {GOOD, "trajectories.end_to_edn.rtol=1e-3",
     "--set trajectories.end_to_edn.rtol=1e-3: error: trajectories has no entry "
     "\"end_to_edn\", did you mean \"end_to_end\"?"},
    {GOOD, "trajectories.end_to_end=1e-3",
     "--set trajectories.end_to_end=1e-3: error: unknown key \"end_to_end\" in an "
     "entry of trajectories; it has system, name, stepper, stages, rtol, atol, "
     "first_step, learning_rate, batch, batch_seed, momentum, decay, beta1, beta2, "
     "epsilon"},
    {GOOD, "trajectories=[{system: exact, nam: a}]",
     "--set trajectories=[{system: exact, nam: a}]: error: unknown key \"nam\" in an "
     "entry of trajectories, did you mean \"name\"?"},
    {GOOD, "data={}", "--set data={}: error: missing key \"kind\" in data"},
    {0}};

Test(problem_checks, overrides)
{
    expect_all(overrides);
}

static const struct wrong all_errors_come_at_once_in_the_order_of_the_file[] = {
    {"time: {ned: 1}\ntitle: [1]\nnetwork: {widths: [3, x]}\n", "stop.loss=a",
     "p.yaml:1:1: error: missing key \"kind\" in data\n"
     "p.yaml:1:1: error: missing key \"end\" in time\n"
     "p.yaml:1:8: error: unknown key \"ned\" in time, did you mean \"end\"?\n"
     "p.yaml:2:8: error: title: expected text, got a list\n"
     "p.yaml:3:23: error: network.widths: expected a whole number, got \"x\"\n"
     "--set stop.loss=a: error: stop.loss: expected a number, got \"a\""},
    {0}};

Test(problem_checks, all_errors_come_at_once_in_the_order_of_the_file)
{
    expect_all(all_errors_come_at_once_in_the_order_of_the_file);
}
