/*
 * args.h - the words of a command line, read by tables.
 *
 *     onekey-agent [global options] COMMAND [options] [arguments]
 *
 * Global options may stand anywhere, a command's own behind its name. A value follows
 * after "=" or as the next word; "--" ends the options; of an option given twice the last
 * one holds. Commands may have two words ("token check").
 *
 * The value of a secret option is copied and wiped from argv as soon as it is met, since
 * everybody on the machine can read argv. Messages never repeat a value of an option.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct command;

enum args_kind {
    ARGS_FLAG,     /* bool, takes no value */
    ARGS_TEXT,     /* const char *, not empty */
    ARGS_SECRET,   /* char *, a copy; argv is wiped */
    ARGS_WORD,     /* const char *, one of value's words: "text|json" */
    ARGS_DURATION, /* int64_t ms */
    ARGS_SECONDS,  /* int64_t ms; a bare number is seconds, as the official client has it */
    ARGS_COUNT,    /* int64_t, 1 or more */
    ARGS_NUMBER,   /* int64_t, 0 or more */
    ARGS_EXIT,     /* int64_t, 0 to 255 */
};

struct args_option {
    const char *name; /* "--config"; NULL ends a table */
    char letter;      /* 'c'; 0: none */
    enum args_kind kind;
    size_t offset; /* of the member of struct args */
    const char *value;
    const char *help;
};

enum {
    ARGS_LOCK_WAIT_MS = 60 * 1000,
    ARGS_WAIT_TIMEOUT_MS = 4 * 60 * 60 * 1000, /* once */
    ARGS_CI_WAIT_TIMEOUT_MS = 50 * 60 * 1000,  /* upload-firmware, ci-result */
    ARGS_CHECK_INTERVAL_MS = 60 * 1000,
    ARGS_RETRY_WAIT_MS = 60 * 1000,
    ARGS_RETRY_COUNT = 10,
    ARGS_NOT_SAID = -1, /* of the numbers below that 0 is a value of */
};

/* All that can be said. NULL, false and 0: not said. Texts are borrowed from argv. */
struct args {
    const struct command *command; /* NULL: none was named */
    const char *group;             /* "token" without its second word; else NULL */
    const char **operands;
    size_t operand_count;

    bool help;
    bool version;
    bool json;
    bool no_progress;
    bool quiet;
    bool disable_tls_verify;
    const char *config;
    const char *api_url;
    char *token; /* allocated; wiped and freed by args_release() */
    const char *token_file;
    const char *tenant;
    const char *ca_file;
    const char *state_dir;
    const char *log_level;
    const char *log_format;
    int64_t lock_wait_ms;

    bool no_wait;
    bool dry_run;
    int64_t wait_timeout_ms;
    bool check;
    bool online;
    bool failed;
    const char *assume;
    const char *reason;
    const char *state;
    const char *watch;
    const char *product;
    const char *since;
    int64_t limit;

    /* build servers: upload-firmware, ci-result */
    const char *vendor;
    const char *product_group;
    const char *analysis_configuration;
    const char *firmware_version; /* --version VERSION, of these commands only */
    const char *name;
    const char *category;
    const char *release_date;
    const char *notes;
    bool monitoring;
    bool force;
    bool wait;
    const char *sbom;
    const char *sbom_out;
    const char *firmware_id;
    const char *junit_path;
    const char *min_severity;
    const char *ignore_file;
    int64_t exit_code_on_new_finding; /* 1 unless said */
    int64_t check_interval_ms;
    int64_t retry_count;
    int64_t retry_wait_ms;

    /* questions to the platform */
    bool remote;
    const char *variables;
    const char *output;
    const char *format;

    /* the ledger of SBOMs */
    const char *by;
    const char *job;
    bool all;
    bool allow_vanished;
};

#define ARGS_OPTION(name, letter, kind, member, value, help)                                       \
    {                                                                                              \
        name, letter, kind, offsetof(struct args, member), value, help                             \
    }

/*
 * Reads argv[1..]; commands ends with NULL. ERR_USAGE says what is wrong, with the nearest
 * name that there is. With --help or --version before the mistake it succeeds. Release
 * *args in either case.
 */
bool args_parse(int argc, char **argv, const struct command *const *commands, struct args *args,
                struct err *err);
void args_release(struct args *args);

/* The options that every command takes. */
extern const struct args_option args_global_options[];

#endif
