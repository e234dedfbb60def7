/*
 * completion.c - completion: a shell's script, made from the tables that the parser reads.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cli/completion_parts.h"
#include "cli/session.h"

typedef void writer_fn(struct out *out, const struct command *const *commands);

static const struct {
    const char *name;
    writer_fn *write;
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static writer_fn *writer_of(const char *shell)
{
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, shell) == 0)
            return shells[i].write;
    }
    return NULL;
}

static bool is_word(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '-')
            return false;
    }
    return size > 0;
}

enum completion_kind completion_kind_of(const char *value)
{
    if (!value)
        return COMPLETION_OTHER;
    if (strcmp(value, "DIR") == 0)
        return COMPLETION_FOLDERS;
    for (const char *part = value; part; part = strchr(part, '|')) {
        part += *part == '|';
        size_t size = strcspn(part, "|");

        if (size == 4 && (strncmp(part, "FILE", size) == 0 || strncmp(part, "PATH", size) == 0))
            return COMPLETION_FILES;
        if (is_word(part, size))
            return COMPLETION_WORDS;
    }
    return COMPLETION_OTHER;
}

char *completion_words_new(const char *value)
{
    char *words = xcalloc(strlen(value) + 1, 1);
    size_t at = 0;

    for (const char *part = value; part; part = strchr(part, '|')) {
        part += *part == '|';
        size_t size = strcspn(part, "|");

        if (!is_word(part, size))
            continue;
        if (at > 0)
            words[at++] = ' ';
        memcpy(words + at, part, size);
        at += size;
    }
    return words;
}

bool completion_is_first(const struct command *const *commands, size_t index)
{
    size_t size = strcspn(commands[index]->name, " ");

    for (size_t i = 0; i < index; i++) {
        if (strcspn(commands[i]->name, " ") == size &&
            strncmp(commands[i]->name, commands[index]->name, size) == 0)
            return false;
    }
    return true;
}

bool completion_has_own(const struct command *command, const char *name)
{
    for (const struct args_option *option = command->options; option && option->name; option++) {
        if (strcmp(option->name, name) == 0)
            return true;
    }
    return false;
}

void completion_quote(struct out *out, const char *text, const char *escaped)
{
    for (; *text; text++)
        out_print(out, "%s%c", strchr(escaped, *text) ? "\\" : "", *text);
}

static bool check(const struct args *args, struct err *err)
{
    return writer_of(args->operands[0]) ||
           err_set(err, ERR_USAGE, "completion: write one of %s", args->command->operands);
}

static int run(struct session *session, struct err *err)
{
    (void)err;
    writer_of(session->args.operands[0])(&session->out, command_list);
    return 0;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "a shell's completion script",
    .operands = "bash|zsh|fish",
    .least = 1,
    .most = 1,
    .about = "Completes commands, their options and what these take, as this version has them.\n"
             "The packages bring the scripts along.\n",
    .examples = "source <(onekey-agent completion bash)\n"
                "onekey-agent completion zsh >~/.zfunc/_onekey-agent\n"
                "onekey-agent completion fish | source\n",
    .no_json = true,
    .check = check,
    .run = run,
};
