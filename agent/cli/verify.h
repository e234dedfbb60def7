/*
 * verify.h - the checks of a loaded configuration that need the layers above config/.
 *
 * A problem is a line "FILE:LINE:COLUMN: what is wrong", as config/ writes them.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/platform.h"
#include "config/config.h"

/* Zeroed at first. */
struct verify_problems {
    char **lines;
    size_t count;
};

void verify_release(struct verify_problems *problems);

/* Compiles every glob, pattern and template. */
void verify_watches(const struct config *config, struct verify_problems *problems);

/*
 * Fixed product groups and analysis configurations exist. False when the platform could
 * not be asked; what does not exist is a problem.
 */
bool verify_names(const struct config *config, struct platform *platform,
                  struct verify_problems *problems, struct err *err);

/*
 * Where the option stands that a message of flow/source.h begins with ("exclude[1]: ...",
 * "metadata: name: ..."), or the nearest that is written. Caller frees.
 */
char *verify_origin(const struct config *config, size_t watch, const char *message);

#endif
