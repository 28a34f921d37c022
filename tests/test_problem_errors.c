/* Each way a problem file can be wrong, by the exact text of its message. */
#include "test_problem.h"

TestSuite(problem_errors, .init = lnn_test_setup);

#define ENTRY GOOD "trajectories:\n  - "

static const struct wrong yaml_itself[] = {
    {"", NULL, "p.yaml:1:1: error: the problem is empty"},
    {"# only a comment\n", NULL, "p.yaml:1:1: error: the problem is empty"},
    {"~\n", NULL, "p.yaml:1:1: error: the problem is empty"},
    {"\n- 1\n", NULL,
     "p.yaml:2:1: error: a problem must be a mapping of sections, got a list"},
    {"hello\n", NULL,
     "p.yaml:1:1: error: a problem must be a mapping of sections, got \"hello\""},
    {"title: [1, 2\n", NULL,
     "p.yaml:2:1: error: not valid YAML: did not find expected ',' or ']', while "
     "parsing a flow sequence that began at line 1"},
    {"title: a: b\n", NULL,
     "p.yaml:1:9: error: not valid YAML: mapping values are not allowed in this "
     "context"},
    {"stop:\n\tloss: 1\n", NULL,
     "p.yaml:2:1: error: not valid YAML: found character that cannot start any "
     "token, "
     "while scanning for the next token that began at line 2; indent with blanks, "
     "not "
     "tabs"},
    {"title: *nobody\n", NULL,
     "p.yaml:1:8: error: not valid YAML: found undefined alias"},
    {"\xef\xbb\xbftitle: *nobody\n", NULL,
     "p.yaml:1:8: error: not valid YAML: found undefined alias"},
    {GOOD "---\n" GOOD, NULL,
     "p.yaml:4:1: error: a second YAML document begins here; a problem is one "
     "document"},
    {"time:\n  end: \xc3\xa4\xe4\n", NULL,
     "p.yaml:2:9: error: not plain UTF-8 text: incomplete UTF-8 octet sequence "
     "(byte 0xE4)"},
    {"title: a\x01\n", NULL,
     "p.yaml:1:9: error: not plain UTF-8 text: control characters are not allowed "
     "(byte 0x01)"},
    {GOOD, "title=[1",
     "--set title=[1: error: not valid YAML: did not find expected "
     "',' or ']'"},
    {0}};

Test(problem_errors, yaml_itself)
{
    expect_all(yaml_itself);
}

static const struct wrong keys_and_sections[] = {
    {GOOD "tile: x\n", NULL,
     "p.yaml:4:1: error: unknown key \"tile\" in the document, did you mean "
     "\"title\"?"},
    {GOOD "trajectory: []\n", NULL,
     "p.yaml:4:1: error: unknown key \"trajectory\" in the document, did you mean "
     "\"trajectories\"?"},
    {GOOD "samples: 3\n", NULL,
     "p.yaml:4:1: error: unknown key \"samples\" in the document; it is a key of "
     "data "
     "and time"},
    {GOOD "stop: {rtol: 3}\n", NULL,
     "p.yaml:4:8: error: unknown key \"rtol\" in stop; it is a key of trajectories"},
    {GOOD "stop: {network: 3}\n", NULL,
     "p.yaml:4:8: error: unknown key \"network\" in stop; it is a key of the "
     "document"},
    {GOOD "stop: {zzzzzz: 3}\n", NULL,
     "p.yaml:4:8: error: unknown key \"zzzzzz\" in stop; it has loss, gradient_norm, "
     "max_steps, max_seconds"},
    {ENTRY "{system: gradient_descent, lerning_rate: 1}\n", NULL,
     "p.yaml:5:5: error: missing key \"learning_rate\" in an entry of trajectories, "
     "needed by gradient_descent\n"
     "p.yaml:5:32: error: unknown key \"lerning_rate\" in an entry of trajectories, "
     "did you mean \"learning_rate\"?"},
    {GOOD "stop:\n  loss: 1\n  loss: 2\n", NULL,
     "p.yaml:6:3: error: duplicate key \"loss\" in stop; first at line 5"},
    {ENTRY "{system: end_to_end, rtol: 1e-3, rtol: 1e-3}\n", NULL,
     "p.yaml:5:38: error: duplicate key \"rtol\" in an entry of trajectories; first "
     "at "
     "line 5"},
    {GOOD "title: a\ntitle: b\n", NULL,
     "p.yaml:5:1: error: duplicate key \"title\" in the document; first at line 4"},
    {GOOD TIME, NULL, "p.yaml:4:1: error: duplicate section \"time\"; first at line 3"},
    {GOOD "[a, b]: 3\n", NULL, "p.yaml:4:1: error: a key must be a word, got a list"},
    {GOOD "stop: 3\n", NULL,
     "p.yaml:4:7: error: stop must be a mapping of its keys, got \"3\""},
    {DATA TIME "network: [3, 2, 2]\n", NULL,
     "p.yaml:3:10: error: network must be a mapping of its keys, got a list"},
    {"# a comment\n" DATA "network: {}\n", NULL,
     "p.yaml:2:1: error: missing key \"end\" in time\n"
     "p.yaml:3:1: error: missing key \"widths\" in network"},
    {NETWORK TIME "data: {kind: target}\n", NULL,
     "p.yaml:3:1: error: missing key \"matrix\" in data, needed by target"},
    {NETWORK TIME "data: {kind: csv}\n", NULL,
     "p.yaml:3:1: error: missing key \"file\" in data, needed by csv"},
    {GOOD "init: {kind: file}\n", NULL,
     "p.yaml:4:1: error: missing key \"file\" in init, needed by file"},
    {ENTRY "{system: adam}\n", NULL,
     "p.yaml:5:5: error: missing key \"learning_rate\" in an entry of trajectories, "
     "needed by adam"},
    {ENTRY "{system: adam, learning_rate: 1, beta2: 1}\n", NULL,
     "p.yaml:5:45: error: trajectories.beta2 is 1; it must be below 1"},
    {ENTRY "{name: a}\n", NULL,
     "p.yaml:5:5: error: missing key \"system\" in an entry of trajectories"},
    {0}};

Test(problem_errors, keys_and_sections)
{
    expect_all(keys_and_sections);
}

static const struct wrong keys_that_do_not_go_with_the_kind[] = {
    {GOOD "loss: {p: 3}\n", NULL,
     "p.yaml:4:8: error: loss.p does not go with kind square; it goes with lp"},
    {ENTRY "{system: gradient_flow, learning_rate: 1}\n", NULL,
     "p.yaml:5:29: error: trajectories.learning_rate does not go with system "
     "gradient_flow; it goes with gradient_descent, end_to_end_descent, momentum, "
     "nesterov, adagrad, adadelta, rmsprop, adam"},
    {ENTRY "{system: exact, rtol: 1e-3}\n", NULL,
     "p.yaml:5:21: error: trajectories.rtol does not go with system exact; it goes "
     "with gradient_flow, end_to_end, singular_modes"},
    {ENTRY "{system: gradient_flow, stages: 2}\n", NULL,
     "p.yaml:5:29: error: trajectories.stages does not go with stepper rk8pd; it "
     "goes "
     "with gauss"},
    {GOOD, "time.first=0.1",
     "--set time.first=0.1: error: time.first does not go with spacing linear; it "
     "goes "
     "with log"},
    {ENTRY "{system: exact}\n", "trajectories.rtol=0.1",
     "--set trajectories.rtol=0.1: error: no entry of trajectories uses rtol; it "
     "goes "
     "with system gradient_flow, end_to_end, singular_modes"},
    {0}};

Test(problem_errors, keys_that_do_not_go_with_the_kind)
{
    expect_all(keys_that_do_not_go_with_the_kind);
}

static const struct wrong values[] = {
    {NETWORK DATA "time: {end: 1e-3x}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a number, got \"1e-3x\""},
    {NETWORK DATA "time: {end: 0x10}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a number, got \"0x10\""},
    {NETWORK DATA "time: {end: .nan}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a finite number, got \".nan\""},
    {NETWORK DATA "time: {end: -inf}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a finite number, got \"-inf\""},
    {NETWORK DATA "time: {end: 1e999}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a number that a double can hold, got "
     "\"1e999\""},
    {NETWORK DATA "time: {end: 0}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a number above 0, got \"0\""},
    {NETWORK DATA "time: {end: }\n", NULL, "p.yaml:3:13: error: time.end has no value"},
    {NETWORK DATA "time: {end: [1]}\n", NULL,
     "p.yaml:3:13: error: time.end: expected a number, got a list"},
    {GOOD, "time.samples=4.5",
     "--set time.samples=4.5: error: time.samples: expected "
     "a whole number, got \"4.5\""},
    {GOOD, "time.samples=-1",
     "--set time.samples=-1: error: time.samples: expected a "
     "whole number in [2, 1000000000], got \"-1\""},
    {GOOD, "time.samples=nan",
     "--set time.samples=nan: error: time.samples: expected "
     "a whole number, got \"nan\""},
    {GOOD, "data.offset=-1",
     "--set data.offset=-1: error: data.offset: expected a "
     "number of at least 0, got \"-1\""},
    {GOOD, "loss={kind: lp, p: 1}",
     "--set loss={kind: lp, p: 1}: error: loss.p: "
     "expected a number in (1, 1000], got \"1\""},
    {GOOD, "global_error=yes",
     "--set global_error=yes: error: global_error: expected "
     "true or false, got \"yes\""},
    {GOOD, "title={a: b}",
     "--set title={a: b}: error: title: expected text, got a "
     "mapping"},
    {GOOD, "title=\"a\\0b\"",
     "--set title=\"a\\0b\": error: title: expected text "
     "without NUL characters, got \"a\""},
    {GOOD, "title=", "--set title=: error: has no value"},
    {GOOD, "output.file=''",
     "--set output.file='': error: output.file: expected the "
     "path of a file, got \"\""},
    {GOOD, "loss.kind=sqare",
     "--set loss.kind=sqare: error: loss.kind: expected one of square, lp, logistic, "
     "cross_entropy, "
     "masked, got \"sqare\"; did you mean \"square\"?"},
    {GOOD, "time.spacing=[a]",
     "--set time.spacing=[a]: error: time.spacing: expected "
     "one of linear, log, got a list"},
    {GOOD, "output.observables=[loss, loss]",
     "--set output.observables=[loss, loss]: error: output.observables: expected "
     "each "
     "word once, got \"loss\""},
    {GOOD, "output.observables=[]",
     "--set output.observables=[]: error: output.observables: expected a word or a "
     "list of them, got a list"},
    {0}};

Test(problem_errors, values)
{
    expect_all(values);
}

static const struct wrong matrices[] = {
    {NETWORK TIME "data:\n  kind: target\n  matrix:\n  - [1, 2, 3]\n  - [4, 5]\n", NULL,
     "p.yaml:7:5: error: data.matrix: expected rows of equal length; row 1 has 3 "
     "entries, row 2 has 2"},
    {NETWORK TIME "data: {kind: target, matrix: [[1, 2, 3], 4]}\n", NULL,
     "p.yaml:3:42: error: data.matrix: expected a row of numbers, got \"4\""},
    {NETWORK TIME "data: {kind: target, matrix: [1, [2], 3]}\n", NULL,
     "p.yaml:3:34: error: data.matrix: expected a number, got a list"},
    {NETWORK TIME "data: {kind: target, matrix: []}\n", NULL,
     "p.yaml:3:30: error: data.matrix: expected a list of rows of numbers, got a "
     "list"},
    {NETWORK TIME "data: {kind: target, matrix: [[]]}\n", NULL,
     "p.yaml:3:31: error: data.matrix: expected a row of numbers, got a list"},
    {NETWORK TIME "data: {kind: target, matrix: [1, 2, 3]}\n", NULL,
     "p.yaml:3:30: error: data.matrix is 1 x 3; the widths ask for d_N x d_0 = 2 x "
     "3"},
    {GOOD "init: {matrix: [[1, 2, 3], [1, x, y]]}\n", NULL,
     "p.yaml:4:32: error: init.matrix: expected a number, got \"x\"\n"
     "p.yaml:4:35: error: init.matrix: expected a number, got \"y\""},
    {GOOD "init: {matrix: [[1, 2], [1, 3]]}\n", NULL,
     "p.yaml:4:16: error: init.matrix is 2 x 2; the widths ask for d_N x d_0 = 2 x "
     "3"},
    {0}};

Test(problem_errors, matrices)
{
    expect_all(matrices);
}
