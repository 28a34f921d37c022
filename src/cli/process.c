/* What the process sets up: standard streams, threads, signals. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <cblas.h>
#include "cli.h"

int cli_start(void)
{
    /* A closed standard stream would give its number to the next file opened, and the
     * summary would be printed into the data. These stand-ins fail every use. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return CLI_IO;
    /* A closed pipe, or a file at its size limit, is then an error of write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    gsl_set_error_handler_off();
    /* Threads only slow down matrices of this size, and their number would show in the
     * last bits. */
    if (!getenv("OPENBLAS_NUM_THREADS")) openblas_set_num_threads(1);
    return CLI_DONE;
}

/* SIGINT and SIGTERM: the first asks the run to end after its step, the second kills.
 */
volatile sig_atomic_t cli_signal;

static void handler(int number)
{
    if (cli_signal) {
        signal(number, SIG_DFL);
        raise(number);
    }
    cli_signal = number;
}

void cli_signals_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
        sigemptyset(&action.sa_mask);
        /* what the caller ignores (nohup, a script's background job) stays ignored */
        if (sigaction(numbers[i], NULL, &old) != 0 || old.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &action, NULL);
    }
}
