/*
 * completion_fish.c - a line for each word that may be said, under the condition that the
 * command before the cursor is the one it belongs to.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/completion_parts.h"

#define ESCAPED "'\\"

static const char head[] =
    "# fish completion of onekey-agent; made by: onekey-agent completion fish\n"
    "\n"
    "# The command before the cursor: its words, or an empty line. Values of options are none.\n"
    "function __onekey_agent_command\n"
    "    set -l valued";

static const char search[] = "\n"
                             "    set -l command ''\n"
                             "    set -l is_value 0\n"
                             "    for word in (commandline -opc)[2..-1]\n"
                             "        if test $is_value = 1\n"
                             "            set is_value 0\n"
                             "        else if string match -q -- '-*' $word\n"
                             "            if contains -- \"$command/$word\" $own\n"
                             "                set is_value 1\n"
                             "            else if contains -- $word $valued\n"
                             "                set is_value 1\n"
                             "            end\n"
                             "        else if contains -- \"$command\" ''";

static const char rest[] = "\n"
                           "            set command (string trim -- \"$command $word\")\n"
                           "        end\n"
                           "    end\n"
                           "    echo $command\n"
                           "end\n"
                           "\n"
                           "# Is it one of these?\n"
                           "function __onekey_agent_at\n"
                           "    contains -- (__onekey_agent_command) $argv\n"
                           "end\n"
                           "\n"
                           "complete -c onekey-agent -f\n";

static void write_text(struct out *out, const char *text)
{
    out_print(out, " -d '");
    completion_quote(out, text, ESCAPED);
    out_print(out, "'\n");
}

/* ---- the words before the cursor ---- */

static void write_valued(struct out *out, const struct command *const *commands)
{
    for (const struct args_option *option = args_global_options; option->name; option++) {
        if (option->kind == ARGS_FLAG)
            continue;
        out_print(out, " %s", option->name);
        if (option->letter)
            out_print(out, " -%c", option->letter);
    }
    out_print(out, "\n    set -l own");
    for (; *commands; commands++) {
        const struct args_option *option = (*commands)->options;

        for (; option && option->name; option++) {
            if (option->kind != ARGS_FLAG)
                out_print(out, " '%s/%s'", (*commands)->name, option->name);
        }
    }
}

static void write_families(struct out *out, const struct command *const *commands)
{
    for (size_t i = 0; commands[i]; i++) {
        size_t size = command_family_size(commands[i]);

        if (size > 0 && completion_is_first(commands, i))
            out_print(out, " %.*s", (int)size, commands[i]->name);
    }
}

/* ---- what may be said ---- */

/* -r: it needs a value; -x: and none of the files; -F: files all the same. */
static void write_value(struct out *out, const char *value)
{
    switch (completion_kind_of(value)) {
    case COMPLETION_OTHER:
        out_print(out, " -x");
        return;
    case COMPLETION_FILES:
        out_print(out, " -r -F");
        return;
    case COMPLETION_FOLDERS:
        out_print(out, " -x -a '(__fish_complete_directories (commandline -ct))'");
        return;
    case COMPLETION_WORDS:
        break;
    }
    auto_free char *words = completion_words_new(value);
    out_print(out, " -x -a '%s'", words);
}

static void write_option(struct out *out, const struct args_option *option)
{
    if (option->letter)
        out_print(out, " -s %c", option->letter);
    out_print(out, " -l %s", option->name + strlen("--"));
    if (option->kind != ARGS_FLAG)
        write_value(out, option->value);
    write_text(out, option->help);
}

/* Where a command has one of its own under that name, it is not the one of all. */
static void write_global(struct out *out, const struct args_option *option,
                         const struct command *const *commands)
{
    bool is_hidden = false;

    out_print(out, "complete -c onekey-agent");
    for (; *commands; commands++) {
        if (!completion_has_own(*commands, option->name))
            continue;
        out_print(out, "%s '%s'", is_hidden ? "" : " -n \"not __onekey_agent_at",
                  (*commands)->name);
        is_hidden = true;
    }
    if (is_hidden)
        out_print(out, "\"");
    write_option(out, option);
}

static void write_name(struct out *out, const struct command *command)
{
    size_t size = command_family_size(command);

    out_print(out, "complete -c onekey-agent -n \"__onekey_agent_at '%.*s'\" -a %s", (int)size,
              command->name, command->name + (size ? size + 1 : 0));
    write_text(out, command->summary);
}

static void write_family(struct out *out, const struct command *command)
{
    out_print(out, "complete -c onekey-agent -n \"__onekey_agent_at ''\" -a %.*s",
              (int)command_family_size(command), command->name);
    write_text(out, command_family_summary(command));
}

static void write_operands(struct out *out, const struct command *command)
{
    enum completion_kind kind = completion_kind_of(command->operands);

    if (kind == COMPLETION_OTHER)
        return;
    out_print(out, "complete -c onekey-agent -n \"__onekey_agent_at '%s'\"", command->name);
    if (kind == COMPLETION_WORDS) {
        auto_free char *words = completion_words_new(command->operands);

        out_print(out, " -a '%s'\n", words);
    } else {
        out_print(out, " -F\n");
    }
}

static void write_command(struct out *out, const struct command *command)
{
    write_name(out, command);
    for (const struct args_option *option = command->options; option && option->name; option++) {
        out_print(out, "complete -c onekey-agent -n \"__onekey_agent_at '%s'\"", command->name);
        write_option(out, option);
    }
    write_operands(out, command);
}

void completion_fish(struct out *out, const struct command *const *commands)
{
    out_print(out, "%s", head);
    write_valued(out, commands);
    out_print(out, "%s", search);
    write_families(out, commands);
    out_print(out, "%s", rest);
    for (const struct args_option *option = args_global_options; option->name; option++)
        write_global(out, option, commands);
    for (size_t i = 0; commands[i]; i++) {
        if (command_family_size(commands[i]) > 0 && completion_is_first(commands, i))
            write_family(out, commands[i]);
        write_command(out, commands[i]);
    }
}
