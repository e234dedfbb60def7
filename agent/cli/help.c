/*
 * help.c - help is made from the tables that the parser reads, so neither can tell of an
 * option that the other does not have. Each page fits one screen of 80 columns.
 */
#include "cli/help.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/help_exits.h"
#include "cli/help_text.h"

enum {
    OPTION_WIDTH_MAX = 29,
    COMMAND_WIDTH = 19, /* only list-analysis-configurations sticks out */
};

/* ---- options ---- */

/* "-c, --config FILE"; caller frees. */
static char *option_label(const struct args_option *option)
{
    char letter[] = {'-', option->letter, ',', ' ', '\0'};

    return xasprintf("%s%s%s%s", option->letter ? letter : "", option->name,
                     option->value ? " " : "", option->value ? option->value : "");
}

static size_t label_width(const struct args_option *table)
{
    size_t width = 0;

    for (; table->name; table++) {
        auto_free char *label = option_label(table);
        size_t size = strlen(label);

        if (size > width && size <= OPTION_WIDTH_MAX)
            width = size;
    }
    return width;
}

static void write_options(struct out *out, const struct args_option *table)
{
    size_t width = label_width(table);

    out_print(out, "\nOptions:\n");
    for (; table->name; table++) {
        auto_free char *label = option_label(table);

        help_text_row(out, label, width, table->help);
    }
}

/* Names alone, as many in a line as fit: their texts would be a screen of their own. */
static void write_global_options(struct out *out)
{
    size_t at = 0;

    out_print(out, "\nGlobal options (onekey-agent(1) tells of each):\n");
    for (const struct args_option *option = args_global_options; option->name; option++) {
        auto_free char *label = option_label(option);
        size_t size = strlen(label) + 2;

        if (at > 0 && at + size > HELP_COLUMNS) {
            out_print(out, "\n");
            at = 0;
        }
        out_print(out, "  %s", label);
        at += size;
    }
    out_print(out, "\n");
}

/* ---- one command ---- */

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

static void write_exits(struct out *out, const struct command *command)
{
    auto_free char *text = help_exits_new(command);

    if (text)
        out_print(out, "\nExit codes: %s\n", text);
}

void help_command(struct out *out, const struct command *command)
{
    write_usage(out, command);
    out_print(out, "\n%s\n", command->summary);
    if (command->about) {
        out_print(out, "\n");
        help_text_paragraphs(out, command->about);
    }
    if (command->options)
        write_options(out, command->options);
    write_exits(out, command);
    out_print(out, "Global options: onekey-agent --help; all exit codes: onekey-agent(1)\n");
    if (command->examples)
        write_examples(out, command->examples);
}

/* ---- the program ---- */

static bool is_of_family(const struct command *command, const char *word, size_t size)
{
    return command_family_size(command) == size && strncmp(command->name, word, size) == 0;
}

/* "config check|show", or "config COMMAND" where that is too long. */
static char *family_label(const struct command *const *commands, size_t count)
{
    size_t size = command_family_size(commands[0]);
    char *label = xstrdup(commands[0]->name);

    for (size_t i = 1; i < count; i++) {
        auto_free char *before = label;

        label = xasprintf("%s|%s", before, commands[i]->name + size + 1);
    }
    if (strlen(label) <= COMMAND_WIDTH)
        return label;
    auto_free char *too_long = label;
    return xasprintf("%.*s COMMAND", (int)size, too_long);
}

/* Writes one row and returns how many commands it tells of. */
static size_t write_commands(struct out *out, const struct command *const *commands)
{
    size_t size = command_family_size(commands[0]);
    size_t count = 1;

    while (size > 0 && commands[count] && is_of_family(commands[count], commands[0]->name, size))
        count++;
    auto_free char *family = count > 1 ? family_label(commands, count) : NULL;
    help_text_row(out, family ? family : commands[0]->name, COMMAND_WIDTH,
                  family ? command_family_summary(commands[0]) : commands[0]->summary);
    return count;
}

static const char *head_of(const struct command *command)
{
    for (const struct command_section *section = command_sections; section->head; section++) {
        if (section->first == command)
            return section->head;
    }
    return NULL;
}

void help_group(struct out *out, const char *group, const struct command *const *commands)
{
    size_t size = strlen(group);

    out_print(out, "Usage: onekey-agent [global options] %s COMMAND [options]\n\nCommands:\n",
              group);
    for (; *commands; commands++) {
        if (is_of_family(*commands, group, size))
            help_text_row(out, (*commands)->name, COMMAND_WIDTH, (*commands)->summary);
    }
    out_print(out, "\nonekey-agent %s COMMAND --help says more.\n", group);
}

void help_program(struct out *out, const struct command *const *commands)
{
    out_print(
        out, "Usage: onekey-agent [global options] COMMAND [options] [arguments]\n"
             "Uploads firmware images to ONEKEY, waits for their analysis, keeps their SBOMs.\n\n");
    while (*commands) {
        const char *head = head_of(*commands);

        if (head)
            out_print(out, "%s:\n", head);
        commands += write_commands(out, commands);
    }
    write_global_options(out);
    out_print(out, "\nonekey-agent COMMAND --help says more: options, exit codes, examples.\n");
}
