/*
 * command.h - one command of the program, as a row of a table.
 *
 * Parsing, help and dispatch follow from the rows. Each command is in a file with its own
 * kind; command.c lists them.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/args.h"

struct session;

struct command {
    const char *name;     /* "status", "token check" */
    const char *summary;  /* one line */
    const char *operands; /* as help shows them: "PATH"; NULL: none */
    size_t least;         /* how many operands it takes */
    size_t most;
    const struct args_option *options; /* its own, ended by a NULL name; NULL: none */
    const char *about;                 /* help's paragraph, lines ended by \n; NULL: none */
    const char *examples;              /* lines ended by \n */
    bool no_json;                      /* has no result that could be JSON */
    bool runs_agent;                   /* logs as configured; the others only what is wrong */

    /* What the options may not say together (ERR_USAGE); NULL: nothing. */
    bool (*check)(const struct args *args, struct err *err);

    /*
     * Returns the exit code. On one other than 0 *err may say why (kind ERR_OK: it was
     * said already); its kind does not decide the code, since a daemon's answer has none.
     */
    int (*run)(struct session *session, struct err *err);
};

/* All of them in the order of the help; ended by NULL. */
extern const struct command *const command_list[];

/* The parts of that order: what stands above the command that begins one. */
struct command_section {
    const char *head; /* NULL ends the table */
    const struct command *first;
};

extern const struct command_section command_sections[];

/* The length of "token" in "token check"; 0 for a command of one word. */
size_t command_family_size(const struct command *command);

/* What one row tells of all commands with that first word. */
const char *command_family_summary(const struct command *command);

/* The exit code of a failure. */
int command_failed(const struct err *err);

extern const struct command command_run;
extern const struct command command_once;
extern const struct command command_status;
extern const struct command command_list_firmwares;
extern const struct command command_show;
extern const struct command command_upload_firmware;
extern const struct command command_ci_result;
extern const struct command command_explain;
extern const struct command command_retry;
extern const struct command command_forget;
extern const struct command command_pause;
extern const struct command command_resume;
extern const struct command command_rescan;
extern const struct command command_list_tenants;
extern const struct command command_list_product_groups;
extern const struct command command_list_analysis_configurations;
extern const struct command command_query;
extern const struct command command_sbom_get;
extern const struct command command_sbom_export;
extern const struct command command_sbom_diff;
extern const struct command command_sbom_history;
extern const struct command command_sbom_verify;
extern const struct command command_sbom_accept;
extern const struct command command_doctor;
extern const struct command command_token_check;
extern const struct command command_config_check;
extern const struct command command_config_show;
extern const struct command command_completion;

#endif
