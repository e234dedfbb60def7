/*
 * help.c - help is made from the tables that the parser reads, so neither can tell of an
 * option that the other does not have.
 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

enum { LEFT_COLUMN = 28 };

static void write_row(struct out *out, const char *left, const char *right)
{
    /* What is too long stands on its own line. */
    if (strlen(left) > LEFT_COLUMN)
        out_print(out, "  %s\n  %-*s  %s\n", left, LEFT_COLUMN, "", right);
    else
        out_print(out, "  %-*s  %s\n", LEFT_COLUMN, left, right);
}

static void write_option(struct out *out, const struct args_option *option)
{
    char letter[] = {'-', option->letter, ',', ' ', '\0'};
    auto_free char *left = xasprintf("%s%s%s%s", option->letter ? letter : "", option->name,
                                     option->value ? " " : "", option->value ? option->value : "");

    write_row(out, left, option->help);
}

static void write_options(struct out *out, const char *head, const struct args_option *table)
{
    out_print(out, "\n%s:\n", head);
    for (; table->name; table++)
        write_option(out, table);
}

/* Lines get the indent of everything else. */
static void write_examples(struct out *out, const char *lines)
{
    out_print(out, "\nExamples:\n");
    while (*lines) {
        size_t size = strcspn(lines, "\n");

        out_print(out, "  %.*s\n", (int)size, lines);
        lines += size + (lines[size] == '\n');
    }
}

static void write_usage(struct out *out, const struct command *command)
{
    const char *operands = command->operands ? command->operands : "";
    bool is_optional = command->least == 0 && command->operands;

    out_print(out, "Usage: onekey-agent [global options] %s%s%s%s%s%s\n", command->name,
              command->options ? " [options]" : "", command->operands ? " " : "",
              is_optional ? "[" : "", operands, is_optional ? "]" : "");
}

void help_command(struct out *out, const struct command *command)
{
    write_usage(out, command);
    out_print(out, "\n%s\n", command->summary);
    if (command->about)
        out_print(out, "\n%s", command->about);
    if (command->options)
        write_options(out, "Options", command->options);
    out_print(out, "\nGlobal options: see onekey-agent --help\n");
    if (command->examples)
        write_examples(out, command->examples);
}

void help_group(struct out *out, const char *group, const struct command *const *commands)
{
    size_t size = strlen(group);

    out_print(out, "Usage: onekey-agent [global options] %s COMMAND [options]\n\nCommands:\n",
              group);
    for (; *commands; commands++) {
        if (strncmp((*commands)->name, group, size) == 0 && (*commands)->name[size] == ' ')
            write_row(out, (*commands)->name, (*commands)->summary);
    }
    out_print(out, "\nonekey-agent %s COMMAND --help says more.\n", group);
}

void help_program(struct out *out, const struct command *const *commands)
{
    out_print(out, "Usage: onekey-agent [global options] COMMAND [options] [arguments]\n\n"
                   "Uploads firmware images to ONEKEY, waits for their analysis, keeps their "
                   "SBOMs.\n\nCommands:\n");
    for (; *commands; commands++)
        write_row(out, (*commands)->name, (*commands)->summary);
    write_options(out, "Global options", args_global_options);
    out_print(out, "\nonekey-agent COMMAND --help says more; onekey-agent(1) says all, exit codes "
                   "too.\n");
    write_examples(out, "ONEKEY_TOKEN=... onekey-agent token check\n"
                        "onekey-agent -c agent.yaml once\n"
                        "onekey-agent run\n"
                        "onekey-agent status\n");
}
