/*
 * query_kind.c - reads just enough of GraphQL's grammar to see where a definition begins:
 * brackets, strings and comments. Keywords count only there: a field may be called mutation.
 */
#include "cli/query_kind.h"

#include <stddef.h>
#include <string.h>

static const char *after_block_string(const char *at)
{
    const char *end = at;

    /* \""" is a quoted end of it */
    do {
        end = strstr(end, "\"\"\"");
        end = end ? end + 3 : NULL;
    } while (end && end[-4] == '\\');
    return end ? end : at + strlen(at);
}

static const char *after_string(const char *at)
{
    if (strncmp(at, "\"\"\"", 3) == 0)
        return after_block_string(at + 3);
    for (at++; *at && *at != '"' && *at != '\n'; at++)
        at += *at == '\\' && at[1];
    return at + (*at == '"');
}

/* White space, commas and comments mean nothing; so does a byte order mark. */
static const char *after_ignored(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n,");
        if (*at == '#')
            at += strcspn(at, "\r\n");
        else if (strncmp(at, "\xEF\xBB\xBF", 3) == 0)
            at += 3;
        else
            return at;
    }
}

/*
 * The text behind the definition that begins at `at`; NULL: it does not end. The braces of
 * a default value stand within the parentheses of the variables, so only the brace that
 * closes the outermost bracket ends it.
 */
static const char *after_definition(const char *at)
{
    size_t depth = 0;

    while (*(at = after_ignored(at))) {
        bool opens = *at == '{' || *at == '(' || *at == '[';
        bool closes = *at == '}' || *at == ')' || *at == ']';

        if (*at == '"') {
            at = after_string(at);
            continue;
        }
        if (closes && depth == 0)
            return NULL;
        depth += opens;
        depth -= closes;
        if (*at++ == '}' && depth == 0)
            return at;
    }
    return NULL;
}

/* "query" does, "queryAll" does not. */
static bool begins_with_word(const char *at, const char *word)
{
    size_t size = strlen(word);

    return strncmp(at, word, size) == 0 && strchr(" \t\r\n,{(@#", at[size]);
}

bool query_kind_only_reads(const char *text)
{
    bool reads = false;

    for (const char *at = after_ignored(text); at && *at; at = at ? after_ignored(at) : NULL) {
        /* A fragment does nothing by itself. */
        bool is_query = *at == '{' || begins_with_word(at, "query");

        if (!is_query && !begins_with_word(at, "fragment"))
            return false;
        reads |= is_query;
        at = after_definition(at);
        if (!at)
            return false;
    }
    return reads;
}
