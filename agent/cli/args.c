/*
 * args.c - one pass over argv. Which options are known depends on the command, so its name
 * has to come before them; global ones are known everywhere.
 *
 * A mistake ends the reading at once: what follows it may be the value of a mistyped
 * option, and is neither read as a word nor repeated in a message.
 */
#include "cli/args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/units.h"
#include "cli/command.h"

const struct args_option args_global_options[] = {
    ARGS_OPTION("--config", 'c', ARGS_TEXT, config, "FILE", "the configuration file"),
    ARGS_OPTION("--api-url", 0, ARGS_TEXT, api_url, "URL", "the platform's API"),
    ARGS_OPTION("--token", 0, ARGS_SECRET, token, "TOKEN", "the API token; - reads it from stdin"),
    ARGS_OPTION("--token-file", 0, ARGS_TEXT, token_file, "FILE", "holds the API token"),
    ARGS_OPTION("--tenant", 0, ARGS_TEXT, tenant, "NAME", "use no token of another tenant"),
    ARGS_OPTION("--ca-file", 0, ARGS_TEXT, ca_file, "FILE", "more certificates to trust, PEM"),
    ARGS_OPTION("--disable-tls-verify", 0, ARGS_FLAG, disable_tls_verify, NULL,
                "check no certificate: everybody on the way can read the token"),
    ARGS_OPTION("--state-dir", 0, ARGS_TEXT, state_dir, "DIR", "where the ledger is"),
    ARGS_OPTION("--lock-wait", 0, ARGS_DURATION, lock_wait_ms, "TIME",
                "how long to try for a ledger in use (60s)"),
    ARGS_OPTION("--log-level", 0, ARGS_WORD, log_level, "alert|error|warn|info|debug",
                "the least important that is written"),
    ARGS_OPTION("--log-format", 0, ARGS_WORD, log_format, "text|json", "of a log line"),
    ARGS_OPTION("--json", 0, ARGS_FLAG, json, NULL, "the result as one JSON document"),
    ARGS_OPTION("--no-progress", 0, ARGS_FLAG, no_progress, NULL, "no progress on stderr"),
    ARGS_OPTION("--quiet", 'q', ARGS_FLAG, quiet, NULL, "nothing on stderr but errors"),
    ARGS_OPTION("--version", 0, ARGS_FLAG, version, NULL, "versions of program and libraries"),
    ARGS_OPTION("--help", 'h', ARGS_FLAG, help, NULL, "this text, or that of a command"),
    {.name = NULL},
};

/* Where the reading is. */
struct reading {
    struct args *args;
    const struct command *const *commands;
    char **argv;
    int argc;
    int at; /* the next word */
    bool options_over;
};

static const struct args_option *find_long(const struct args_option *table, const char *name,
                                           size_t size)
{
    for (; table && table->name; table++) {
        if (strncmp(table->name, name, size) == 0 && table->name[size] == '\0')
            return table;
    }
    return NULL;
}

static const struct args_option *find_letter(char letter)
{
    for (const struct args_option *option = args_global_options; option->name; option++) {
        if (option->letter == letter)
            return option;
    }
    return NULL;
}

/* A command whose own option that is, for people who write it too early. */
static const struct command *find_owner(const struct reading *reading, const char *name,
                                        size_t size)
{
    for (size_t i = 0; reading->commands[i]; i++) {
        if (find_long(reading->commands[i]->options, name, size))
            return reading->commands[i];
    }
    return NULL;
}

/* The official client's way in by password: not to be guessed at, but to be answered. */
static bool refuse_login(const char *name, struct err *err)
{
    static const char *const names[] = {"--email", "--password", "get-tenant-token"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return !err_set(err, ERR_USAGE,
                            "%s: there is no login by password here: make an API token on the "
                            "platform (profile, API tokens) and set ONEKEY_TOKEN",
                            name);
        }
    }
    return false;
}

static void offer_all(struct suggest *suggest, const struct args_option *table)
{
    for (; table && table->name; table++)
        suggest_offer(suggest, table->name);
}

static bool unknown_option(const struct reading *reading, const char *word, size_t size,
                           struct err *err)
{
    const struct command *command = reading->args->command;
    auto_free char *name = xstrndup(word, size); /* without its value: that may be a secret */
    auto_free char *shown = printable_new(name);
    struct suggest suggest = {.word = name};

    if (refuse_login(name, err))
        return false;
    if (!command && find_owner(reading, name, size))
        return err_set(err, ERR_USAGE, "option %s belongs behind the command's name", shown);
    offer_all(&suggest, args_global_options);
    offer_all(&suggest, command ? command->options : NULL);
    if (suggest.best)
        return err_set(err, ERR_USAGE, "unknown option %s; did you mean %s?", shown, suggest.best);
    return err_set(err, ERR_USAGE, "unknown option %s", shown);
}

/* ---- values ---- */

static bool is_word_of(const char *words, const char *value)
{
    size_t size = strlen(value);

    for (const char *word = words; word; word = strchr(word, '|')) {
        word += *word == '|';
        if (strcspn(word, "|") == size && strncmp(word, value, size) == 0)
            return true;
    }
    return false;
}

/* The official client's options are bare seconds; "90s" says it too. */
static bool parse_seconds(const char *value, int64_t *ms, struct err *err)
{
    bool is_bare = value[strspn(value, "0123456789")] == '\0';
    auto_free char *with_unit = is_bare ? xasprintf("%ss", value) : xstrdup(value);

    return units_parse_duration(with_unit, ms, err);
}

static bool parse_number(enum args_kind kind, const char *value, int64_t *number, struct err *err)
{
    if (kind == ARGS_DURATION)
        return units_parse_duration(value, number, err);
    if (kind == ARGS_SECONDS)
        return parse_seconds(value, number, err);
    if (!units_parse_count(value, number, err))
        return false;
    if (kind == ARGS_COUNT && *number == 0)
        return err_set(err, ERR_USAGE, "it is 0; write 1 or more");
    if (kind == ARGS_EXIT && *number > UINT8_MAX)
        return err_set(err, ERR_USAGE, "an exit code is 0 to 255");
    return true;
}

static bool store_number(const struct args_option *option, const char *value, int64_t *number,
                         struct err *err)
{
    if (parse_number(option->kind, value, number, err))
        return true;
    err->kind = ERR_USAGE;
    return err_wrap(err, "option %s", option->name);
}

static void free_secret(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

/* What is left in argv shows that there was one, not how long it was. */
static void take_secret(char **member, char *value)
{
    free_secret(member);
    *member = xstrdup(value);
    explicit_bzero(value, strlen(value));
    value[0] = '*';
}

static bool store(struct args *args, const struct args_option *option, char *value, struct err *err)
{
    void *member = (char *)args + option->offset;

    assert(value);
    if (value[0] == '\0')
        return err_set(err, ERR_USAGE, "option %s: its value is empty", option->name);
    switch (option->kind) {
    case ARGS_FLAG:
        break; /* has none */
    case ARGS_SECRET:
        take_secret(member, value);
        return true;
    case ARGS_WORD:
        if (!is_word_of(option->value, value))
            return err_set(err, ERR_USAGE, "option %s: write one of %s", option->name,
                           option->value);
        *(const char **)member = value;
        return true;
    case ARGS_TEXT:
        *(const char **)member = value;
        return true;
    case ARGS_DURATION:
    case ARGS_SECONDS:
    case ARGS_COUNT:
    case ARGS_NUMBER:
    case ARGS_EXIT:
        return store_number(option, value, member, err);
    }
    abort();
}

/* attached is what stands in the same word, or NULL. */
static bool take_option(struct reading *reading, const struct args_option *option, char *attached,
                        struct err *err)
{
    char *value = attached;

    if (option->kind == ARGS_FLAG) {
        *(bool *)((char *)reading->args + option->offset) = true;
        return !attached || err_set(err, ERR_USAGE, "option %s takes no value", option->name);
    }
    if (!value && reading->at == reading->argc)
        return err_set(err, ERR_USAGE, "option %s needs a value: %s", option->name, option->value);
    if (!value)
        value = reading->argv[reading->at++];
    return store(reading->args, option, value, err);
}

static bool take_long(struct reading *reading, char *word, struct err *err)
{
    const struct command *command = reading->args->command;
    size_t size = strcspn(word, "=");
    const struct args_option *option = find_long(command ? command->options : NULL, word, size);

    /* A command's own goes first: "upload-firmware --version 1.2" is the firmware's. */
    if (!option)
        option = find_long(args_global_options, word, size);
    if (!option)
        return unknown_option(reading, word, size, err);
    return take_option(reading, option, word[size] ? word + size + 1 : NULL, err);
}

/* "-qc FILE", "-cFILE" */
static bool take_letters(struct reading *reading, char *word, struct err *err)
{
    for (char *letter = word + 1; *letter; letter++) {
        const struct args_option *option = find_letter(*letter);

        if (!option) {
            char name[] = {'-', *letter, '\0'};
            return unknown_option(reading, name, 2, err);
        }
        if (option->kind != ARGS_FLAG)
            return take_option(reading, option, letter[1] ? letter + 1 : NULL, err);
        if (!take_option(reading, option, NULL, err))
            return false;
    }
    return true;
}

/* ---- words ---- */

static bool unknown_command(const struct reading *reading, const char *word, struct err *err)
{
    const char *group = reading->args->group;
    auto_free char *name = group ? xasprintf("%s %s", group, word) : xstrdup(word);
    auto_free char *shown = printable_new(name);
    struct suggest suggest = {.word = name};

    if (refuse_login(word, err))
        return false;
    for (size_t i = 0; reading->commands[i]; i++)
        suggest_offer(&suggest, reading->commands[i]->name);
    if (suggest.best)
        return err_set(err, ERR_USAGE, "unknown command %s; did you mean %s?", shown, suggest.best);
    return err_set(err, ERR_USAGE, "unknown command %s", shown);
}

/* Exact names only: an abbreviation that works today would name two commands tomorrow. */
static bool take_command(struct reading *reading, const char *word, struct err *err)
{
    struct args *args = reading->args;
    auto_free char *name = args->group ? xasprintf("%s %s", args->group, word) : xstrdup(word);
    size_t size = strlen(name);

    for (size_t i = 0; reading->commands[i]; i++) {
        const struct command *command = reading->commands[i];

        if (strncmp(command->name, name, size) != 0)
            continue;
        if (command->name[size] == '\0') {
            args->command = command;
            args->group = NULL;
            return true;
        }
        if (command->name[size] == ' ' && !args->group) {
            args->group = word;
            return true;
        }
    }
    return unknown_command(reading, word, err);
}

static bool take_word(struct reading *reading, char *word, struct err *err)
{
    struct args *args = reading->args;

    if (!args->command)
        return take_command(reading, word, err);
    if (args->operand_count == args->command->most) {
        return err_set(err, ERR_USAGE,
                       args->command->most ? "%s: too many arguments" : "%s takes no arguments",
                       args->command->name);
    }
    args->operands[args->operand_count++] = word;
    return true;
}

/* A lone "-" is an operand, as everywhere. */
static bool take_next(struct reading *reading, struct err *err)
{
    char *word = reading->argv[reading->at++];

    if (reading->options_over || word[0] != '-' || word[1] == '\0')
        return take_word(reading, word, err);
    if (strcmp(word, "--") == 0) {
        reading->options_over = true;
        return true;
    }
    return word[1] == '-' ? take_long(reading, word, err) : take_letters(reading, word, err);
}

/* What can only be said when all words are read. */
static bool check_whole(const struct args *args, struct err *err)
{
    const struct command *command = args->command;

    if (args->group)
        return err_set(err, ERR_USAGE, "%s needs a second word", args->group);
    if (!command)
        return err_set(err, ERR_USAGE, "no command is given");
    if (args->operand_count < command->least)
        return err_set(err, ERR_USAGE, "%s needs %s", command->name, command->operands);
    if (args->json && command->no_json) {
        return err_set(err, ERR_USAGE,
                       "%s prints no result: --json has nothing to do (--log-format json is for "
                       "the log)",
                       command->name);
    }
    return !command->check || command->check(args, err);
}

bool args_parse(int argc, char **argv, const struct command *const *commands, struct args *args,
                struct err *err)
{
    struct reading reading = {
        .args = args, .commands = commands, .argv = argv, .argc = argc, .at = 1};

    *args = (struct args){
        .lock_wait_ms = ARGS_LOCK_WAIT_MS,
        .wait_timeout_ms = ARGS_NOT_SAID,
        .exit_code_on_new_finding = 1,
        .check_interval_ms = ARGS_CHECK_INTERVAL_MS,
        .retry_count = ARGS_RETRY_COUNT,
        .retry_wait_ms = ARGS_RETRY_WAIT_MS,
    };
    args->operands = xcalloc((size_t)argc + 1, sizeof args->operands[0]);
    while (reading.at < argc) {
        if (!take_next(&reading, err))
            return args->help || args->version;
    }
    return args->help || args->version || check_whole(args, err);
}

void args_release(struct args *args)
{
    free_secret(&args->token);
    free(args->operands);
    args->operands = NULL;
}
