/*
 * config.h - what the operator decided, checked and frozen.
 *
 * Each value comes from the command line, else the environment, else the file, else
 * the built-in default. options.def is the one list of options: the parser, the
 * defaults, the ranges, `config show`, the help and the test of
 * config/onekey-agent.yaml all follow from it.
 *
 * Rules that callers can rely on:
 *  - a struct config passed every check that needs no other layer; it never changes,
 *    a reload makes a second one;
 *  - every pointer in it lives until config_free();
 *  - times are milliseconds, sizes bytes, rates bytes per second; a text that is not
 *    set is NULL, a limit that is not set is 0;
 *  - paths are absolute, without "//", "/./" and trailing slash;
 *  - globs, patterns and templates are kept as written: who compiles them reports a
 *    mistake at config_origin(config, "watch[0].include[2]").
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config_alert.h"
#include "config/config_values.h"
#include "config/config_watch.h"

struct config {
    const char *file_name; /* as given; NULL: there is no file */
    int64_t version;       /* of the form: 1 */
    struct config_api api;
    const char *state_dir;
    struct config_transfers transfers;
    struct config_analysis analysis;
    const struct config_watch *watches;
    size_t watch_count;
    struct config_sbom sbom;
    const struct config_export *exports;
    size_t export_count;
    struct config_alerts alerts;
    struct config_log log;
    struct config_metrics metrics;
    int64_t shutdown_grace_ms;
    const char *control_group; /* NULL: the agent's own */
};

/* One value from the command line, as in {"api.url", "https://...", "--api-url"}. */
struct config_setting {
    const char *path;
    const char *value;
    const char *option;
};

struct config_sources {
    const char *file_name; /* NULL: no file */
    const char *file_bytes;
    size_t file_size;
    unsigned file_mode;                           /* permission bits; 0: not known */
    const char *(*environment)(const char *name); /* as getenv; NULL: none */
    const struct config_setting *settings;
    size_t setting_count;
    bool as_root; /* the state directory's default is the system's, not the user's */
};

enum { CONFIG_PROBLEM_MAX = 20, CONFIG_FILE_MAX = 256 * 1024 };

/*
 * What a load has to say, a line each: "file:line:column: what is wrong; what is right".
 * Zero it before, release it after.
 */
struct config_problems {
    char *errors[CONFIG_PROBLEM_MAX];
    size_t error_count;
    size_t errors_more; /* how many found no room */
    char *warnings[CONFIG_PROBLEM_MAX];
    size_t warning_count;
};

void config_problems_release(struct config_problems *problems);

/*
 * On success *out is the caller's, for config_free(); problems may hold warnings. On
 * failure ERR_CONFIG with the first error and how many more there are. The sources are
 * only read during the call.
 */
bool config_load(const struct config_sources *sources, struct config **out,
                 struct config_problems *problems, struct err *err);
void config_free(struct config *config); /* NULL is fine */

/*
 * Where the value at a dotted path with indexes ("watch[0].match", "api.no_proxy[1]")
 * comes from: "FILE:LINE:COLUMN", "option --api-url", "environment NAME" or "default".
 * Caller frees.
 */
char *config_origin(const struct config *config, const char *path);

#endif
