/*
 * completion_zsh.c - specs for zsh's own _arguments, which knows options anywhere, "=" and
 * what excludes what. Commands of two words are one level more of the same.
 *
 * Texts stand in double quotes, where a backslash before "[", "]" and ":" reaches
 * _arguments, to which these mean something.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/completion_parts.h"

#define ESCAPED "[]:\"$`\\"

static const char head[] =
    "#compdef onekey-agent\n"
    "# zsh completion of onekey-agent; made by: onekey-agent completion zsh\n"
    "\n"
    "_onekey-agent()\n"
    "{\n"
    "    local -a globals\n"
    "    globals=(\n";

static const char between[] = "    )\n"
                              "    _onekey-agent_level \"\"\n"
                              "}\n"
                              "\n"
                              "_onekey-agent_level() # the words of the command so far\n"
                              "{\n"
                              "    local curcontext=$curcontext state state_descr line name ret=1\n"
                              "    local -A opt_args\n"
                              "    local -a commands\n"
                              "    case $1 in\n";

static const char dispatch[] =
    "    esac\n"
    "    _arguments -C -s $globals \"(-): :->command\" \"(-)*:: :->rest\" && ret=0\n"
    "    case $state in\n"
    "    command) _describe -t commands command commands && ret=0 ;;\n"
    "    rest)\n"
    "        name=${1:+$1 }$words[1]\n"
    "        case $name in\n";

static const char leaf[] = "        *) _onekey-agent_leaf $name && ret=0 ;;\n"
                           "        esac\n"
                           "        ;;\n"
                           "    esac\n"
                           "    return ret\n"
                           "}\n"
                           "\n"
                           "_onekey-agent_leaf() # COMMAND\n"
                           "{\n"
                           "    local -a own operands\n"
                           "    case $1 in\n";

static const char tail[] = "    esac\n"
                           "    _arguments -s $globals $own $operands\n"
                           "}\n"
                           "\n"
                           "# as an autoloaded function it is called, when sourced it is only set\n"
                           "if [[ $funcstack[1] == _onekey-agent ]]; then\n"
                           "    _onekey-agent \"$@\"\n"
                           "else\n"
                           "    compdef _onekey-agent onekey-agent\n"
                           "fi\n";

/* ":FILE:_files", of a value that is not one of none. */
static void write_action(struct out *out, const char *value)
{
    out_print(out, ":");
    completion_quote(out, value, ESCAPED);
    switch (completion_kind_of(value)) {
    case COMPLETION_OTHER:
        out_print(out, ": ");
        return;
    case COMPLETION_FILES:
        out_print(out, ":_files");
        return;
    case COMPLETION_FOLDERS:
        out_print(out, ":_files -/");
        return;
    case COMPLETION_WORDS:
        break;
    }
    auto_free char *words = completion_words_new(value);
    out_print(out, ":(%s)", words);
}

/* "(-c --config)--config=[text]:FILE:_files"; joint says where the value may follow. */
static void write_spec(struct out *out, const struct args_option *option, const char *name,
                       const char *joint)
{
    out_print(out, "        \"");
    if (option->letter)
        out_print(out, "(-%c %s)", option->letter, option->name);
    out_print(out, "%s%s[", name, option->kind == ARGS_FLAG ? "" : joint);
    completion_quote(out, option->help, ESCAPED);
    out_print(out, "]");
    if (option->kind != ARGS_FLAG)
        write_action(out, option->value);
    out_print(out, "\"\n");
}

static void write_specs(struct out *out, const struct args_option *option)
{
    for (; option && option->name; option++) {
        char letter[] = {'-', option->letter, '\0'};

        if (option->letter)
            write_spec(out, option, letter, "+");
        write_spec(out, option, option->name, "=");
    }
}

/* ---- names ---- */

static void write_described(struct out *out, const char *name, size_t size, const char *summary)
{
    out_print(out, "        \"%.*s:", (int)size, name);
    completion_quote(out, summary, ESCAPED);
    out_print(out, "\"\n");
}

static void write_first_words(struct out *out, const struct command *const *commands)
{
    out_print(out, "    \"\") commands=(\n");
    for (size_t i = 0; commands[i]; i++) {
        if (completion_is_first(commands, i))
            write_described(out, commands[i]->name, strcspn(commands[i]->name, " "),
                            command_family_summary(commands[i]));
    }
    out_print(out, "    ) ;;\n");
}

static void write_second_words(struct out *out, const struct command *const *commands, size_t first)
{
    const char *word = commands[first]->name;
    size_t size = command_family_size(commands[first]);

    out_print(out, "    %.*s) commands=(\n", (int)size, word);
    for (size_t i = first; commands[i]; i++) {
        const char *name = commands[i]->name;

        if (command_family_size(commands[i]) == size && strncmp(name, word, size) == 0)
            write_described(out, name + size + 1, strlen(name + size + 1), commands[i]->summary);
    }
    out_print(out, "    ) ;;\n");
}

static void write_levels(struct out *out, const struct command *const *commands)
{
    write_first_words(out, commands);
    for (size_t i = 0; commands[i]; i++) {
        if (command_family_size(commands[i]) > 0 && completion_is_first(commands, i))
            write_second_words(out, commands, i);
    }
}

/* Names that need a second word. */
static void write_families(struct out *out, const struct command *const *commands)
{
    for (size_t i = 0; commands[i]; i++) {
        size_t size = command_family_size(commands[i]);

        if (size > 0 && completion_is_first(commands, i))
            out_print(out, "        %.*s) _onekey-agent_level $name && ret=0 ;;\n", (int)size,
                      commands[i]->name);
    }
}

/* ---- behind a command ---- */

/* What the command reads as its own is none of the options of all. */
static void write_hidden(struct out *out, const struct command *command)
{
    for (const struct args_option *option = args_global_options; option->name; option++) {
        if (completion_has_own(command, option->name))
            out_print(out, "        globals=(\"${(@)globals:#%s*}\")\n", option->name);
    }
}

static void write_command(struct out *out, const struct command *command)
{
    if (!command->options && !command->operands)
        return;
    out_print(out, "    \"%s\")\n", command->name);
    write_hidden(out, command);
    if (command->options) {
        out_print(out, "        own=(\n");
        write_specs(out, command->options);
        out_print(out, "        )\n");
    }
    if (command->operands) {
        out_print(out, "        operands=(\"%s", command->most > 1 ? "*" : "1");
        write_action(out, command->operands);
        out_print(out, "\")\n");
    }
    out_print(out, "        ;;\n");
}

void completion_zsh(struct out *out, const struct command *const *commands)
{
    out_print(out, "%s", head);
    write_specs(out, args_global_options);
    out_print(out, "%s", between);
    write_levels(out, commands);
    out_print(out, "%s", dispatch);
    write_families(out, commands);
    out_print(out, "%s", leaf);
    for (; *commands; commands++)
        write_command(out, *commands);
    out_print(out, "%s", tail);
}
