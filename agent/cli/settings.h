/*
 * settings.h - the effective configuration of this call: file, environment, options.
 *
 * The file is searched for once; a reload reads the same one, and one that is gone then
 * is an error: a daemon must not go on with no watches because a file was moved.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/args.h"
#include "config/config.h"

struct settings {
    const struct args *args;                      /* borrowed */
    const char *(*environment)(const char *name); /* as getenv */
    const char *system_path;                      /* NULL: as config_file.h says */
    bool found;
    char *file; /* after the first read; NULL: there is none */
    struct config *config;
};

void settings_release(struct settings *settings);

/* *out is the caller's. problems as config_load() fills them; ERR_CONFIG. */
bool settings_read(struct settings *settings, struct config **out, struct config_problems *problems,
                   struct err *err);

#endif
