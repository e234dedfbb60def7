/*
 * completion_bash.c - needs nothing but bash 4: the bash-completion package is not on every
 * build server.
 *
 * bash parts words at "=", so that "--config=FILE" comes as three. The script's functions
 * speak through the variables `kind` and `values` of the one that calls them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/completion_parts.h"

static const char *const kind_names[] = {
    [COMPLETION_OTHER] = "other",
    [COMPLETION_WORDS] = "words",
    [COMPLETION_FILES] = "files",
    [COMPLETION_FOLDERS] = "folders",
};

static const char head[] =
    "# bash completion of onekey-agent; made by: onekey-agent completion bash\n"
    "\n"
    "# COMMAND OPTION: what follows that option; kind stays empty where nothing does\n"
    "_onekey_agent_option()\n"
    "{\n"
    "    kind= values=\n"
    "    case $1/$2 in\n";

static const char between[] = "    esac\n"
                              "}\n"
                              "\n"
                              "# COMMAND: what may stand behind it; options are its own\n"
                              "_onekey_agent_command()\n"
                              "{\n"
                              "    kind=other values= options=\n"
                              "    case $1 in\n";

static const char tail[] =
    "_onekey_agent_offer() # WORD\n"
    "{\n"
    "    case $kind in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$1\") ;;\n"
    "    files | folders)\n"
    "        local what=-f\n"
    "        [[ $kind == folders ]] && what=-d\n"
    "        mapfile -t COMPREPLY < <(compgen \"$what\" -- \"$1\")\n"
    "        compopt -o filenames 2>/dev/null # a slash behind folders, quotes around blanks\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_onekey_agent()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} command= is_over= kind= values= options= word i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == '=' && -n $kind ]]; then\n"
    "            continue\n"
    "        elif [[ -n $kind ]]; then\n"
    "            kind=\n"
    "        elif [[ $word == -- ]]; then\n"
    "            is_over=1\n"
    "        elif [[ $word == -* && -z $is_over ]]; then\n"
    "            _onekey_agent_option \"$command\" \"$word\"\n"
    "        elif _onekey_agent_goes_on \"$command\"; then\n"
    "            command=${command:+$command }$word\n"
    "        fi\n"
    "    done\n"
    "    [[ $current == '=' ]] && current=\n"
    "    if [[ -n $kind ]]; then\n"
    "        _onekey_agent_offer \"$current\"\n"
    "        return\n"
    "    fi\n"
    "    _onekey_agent_command \"$command\"\n"
    "    if [[ $current == -* && -z $is_over ]]; then\n"
    "        kind=words values=\"$options $_onekey_agent_globals\"\n"
    "    fi\n"
    "    _onekey_agent_offer \"$current\"\n"
    "}\n"
    "\n"
    "complete -F _onekey_agent onekey-agent\n";

static void write_values(struct out *out, const char *value)
{
    enum completion_kind kind = completion_kind_of(value);

    out_print(out, "kind=%s", kind_names[kind]);
    if (kind == COMPLETION_WORDS) {
        auto_free char *words = completion_words_new(value);

        out_print(out, " values='%s'", words);
    }
}

/* ---- what follows an option ---- */

/* command is NULL for the options of all. */
static void write_option(struct out *out, const char *command, const struct args_option *option)
{
    out_print(out, "    %s%s%s/%s", command ? "'" : "*", command ? command : "", command ? "'" : "",
              option->name);
    if (option->letter)
        out_print(out, " | */-%c", option->letter);
    out_print(out, ") ");
    if (option->kind != ARGS_FLAG)
        write_values(out, option->value);
    out_print(out, "%s;;\n", option->kind == ARGS_FLAG ? "" : " ");
}

/* A command's own first, as the parser has it. Flags too: one may hide an option of all. */
static void write_option_values(struct out *out, const struct command *const *commands)
{
    for (; *commands; commands++) {
        const struct args_option *option = (*commands)->options;

        for (; option && option->name; option++)
            write_option(out, (*commands)->name, option);
    }
    for (const struct args_option *option = args_global_options; option->name; option++) {
        if (option->kind != ARGS_FLAG)
            write_option(out, NULL, option);
    }
}

/* ---- what stands behind a command ---- */

static void write_first_words(struct out *out, const struct command *const *commands)
{
    out_print(out, "    '') kind=words values='");
    for (size_t i = 0; commands[i]; i++) {
        if (completion_is_first(commands, i))
            out_print(out, "%s%.*s", i ? " " : "", (int)strcspn(commands[i]->name, " "),
                      commands[i]->name);
    }
    out_print(out, "' ;;\n");
}

/* The second words of those that share the first one. */
static void write_second_words(struct out *out, const struct command *const *commands, size_t first)
{
    const char *word = commands[first]->name;
    size_t size = command_family_size(commands[first]);

    out_print(out, "    %.*s) kind=words values='", (int)size, word);
    for (size_t i = first; commands[i]; i++) {
        if (command_family_size(commands[i]) == size && strncmp(commands[i]->name, word, size) == 0)
            out_print(out, "%s%s", i > first ? " " : "", commands[i]->name + size + 1);
    }
    out_print(out, "' ;;\n");
}

static void write_command(struct out *out, const struct command *command)
{
    bool takes_known = completion_kind_of(command->operands) != COMPLETION_OTHER;

    if (!takes_known && !command->options)
        return;
    out_print(out, "    '%s')", command->name);
    if (takes_known) {
        out_print(out, " ");
        write_values(out, command->operands);
    }
    out_print(out, "%s", command->options ? " options='" : "");
    for (const struct args_option *option = command->options; option && option->name; option++)
        out_print(out, "%s%s", option == command->options ? "" : " ", option->name);
    out_print(out, "%s ;;\n", command->options ? "'" : "");
}

static void write_behind_commands(struct out *out, const struct command *const *commands)
{
    write_first_words(out, commands);
    for (size_t i = 0; commands[i]; i++) {
        if (command_family_size(commands[i]) > 0 && completion_is_first(commands, i))
            write_second_words(out, commands, i);
        write_command(out, commands[i]);
    }
}

/* ---- the rest ---- */

static void write_globals(struct out *out)
{
    out_print(out, "_onekey_agent_globals='");
    for (const struct args_option *option = args_global_options; option->name; option++) {
        out_print(out, "%s%s", option == args_global_options ? "" : " ", option->name);
        if (option->letter)
            out_print(out, " -%c", option->letter);
    }
    out_print(out, "'\n\n");
}

/* Where a word still belongs to the command's name. */
static void write_families(struct out *out, const struct command *const *commands)
{
    out_print(out, "# COMMAND: does its name go on?\n_onekey_agent_goes_on()\n{\n    case $1 in\n"
                   "    ''");
    for (size_t i = 0; commands[i]; i++) {
        size_t size = command_family_size(commands[i]);

        if (size > 0 && completion_is_first(commands, i))
            out_print(out, " | %.*s", (int)size, commands[i]->name);
    }
    out_print(out, ") ;;\n    *) return 1 ;;\n    esac\n}\n\n");
}

void completion_bash(struct out *out, const struct command *const *commands)
{
    out_print(out, "%s", head);
    write_option_values(out, commands);
    out_print(out, "%s", between);
    write_behind_commands(out, commands);
    out_print(out, "    esac\n}\n\n");
    write_globals(out);
    write_families(out, commands);
    out_print(out, "%s", tail);
}
