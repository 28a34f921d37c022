/* Ill-conditioned real data, where it lies beside the project: it may not ship. */
#include <unistd.h>
#include "lnn_test.h"

TestSuite(gas, .init = lnn_test_setup);

Test(gas, both_flows_of_a_deep_network_agree, .timeout = 120)
{
    struct lnn_problem *problem = NULL;
    struct lnn_simulation *sim = NULL;
    char output[] = "/tmp/lnn_gas_XXXXXX";
    if (access(LNN_SOURCE "/../shared/data/gas_ethanol.csv.gz", R_OK) != 0)
        cr_skip_test("gas_ethanol.csv.gz is not there");
    int fd = mkstemp(output);
    cr_assert(fd >= 0);
    close(fd);
    struct lnn_simulate_options options = {.output = output, .force = true};
    LNN_OK(lnn_problem_read(LNN_SOURCE "/tests/data/gas_ethanol.yaml", NULL, &problem));
    LNN_OK(lnn_simulate(problem, &options, &sim));
    const struct lnn_result *layers = &sim->results[0], *closed = &sim->results[1];
    cr_assert(layers->reason == LNN_END && closed->reason == LNN_END);
    cr_assert(layers->distance <= layers->distance_error);
    cr_assert(layers->distance_error < 1e-8, "%g", layers->distance_error);
    cr_assert(layers->drift_samples < 1e-10, "%g", layers->drift_samples);
    cr_assert(layers->loss < 0.1, "%g", layers->loss);
    lnn_simulation_free(sim);
    lnn_problem_free(problem);
    unlink(output);
}
