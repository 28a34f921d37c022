/* lnnflow --version: the program's and its libraries'. */
#include <H5public.h>
#include <cblas.h>
#include <gsl/gsl_version.h>
#include <zlib.h>
#include "cli.h"

#ifndef LNN_VERSION
#define LNN_VERSION "unknown"
#endif
#ifndef LNN_GIT
#define LNN_GIT "unknown"
#endif

const char *cli_version_text(void)
{
    return "lnnflow " LNN_VERSION " (" LNN_GIT ")";
}

int cli_version(void)
{
    puts(cli_version_text());
    printf("GSL %s\n", gsl_version);
    printf("HDF5 %d.%d.%d\n", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    printf("BLAS and LAPACK: %s\n", openblas_get_config());
    printf("zlib %s\n", zlibVersion());
    return CLI_DONE;
}
