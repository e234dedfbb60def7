#include "watch/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "watch/glob.h"

struct match {
    char *text;
    struct glob **globs; /* one for each alternative of the braces */
    size_t count;
};

/* What may be long stands last, where a message may be cut. */
static bool report(const char *text, const struct glob_fault *fault, struct err *err)
{
    auto_free char *shown = printable_new(text);

    return err_set(err, ERR_CONFIG, "parse glob: %s (byte %zu of \"%s\")", fault->what,
                   fault->at + 1, shown);
}

static bool find_open_brace(const char *text, struct glob_fault *fault)
{
    size_t opened[MATCH_MAX_BYTES];
    size_t depth = 0;

    for (size_t at = 0; text[at] != '\0'; at = glob_next_index(text, at)) {
        fault->at = at;
        if (text[at] == '{')
            opened[depth++] = at;
        if (text[at] == '}' && depth-- == 0) {
            fault->what = "the brace was not opened; \\} stands for a brace itself";
            return true;
        }
    }
    if (depth == 0)
        return false;
    *fault = (struct glob_fault){opened[depth - 1], "the brace is not closed"};
    return true;
}

static bool find_open_end(const char *text, struct glob_fault *fault)
{
    for (size_t at = 0; text[at] != '\0'; at = glob_next_index(text, at)) {
        fault->at = at;
        if (text[at] == '\\' && text[at + 1] == '\0') {
            fault->what = "nothing follows the backslash";
            return true;
        }
        if (text[at] == '[' && glob_class_end(text, at) == 0) {
            fault->what = "the bracket is not closed";
            return true;
        }
    }
    return false;
}

/* What all alternatives share; it makes the walks below safe. */
static bool check_pattern(const char *pattern, struct err *err)
{
    struct glob_fault fault = {0};

    if (strlen(pattern) > MATCH_MAX_BYTES)
        return err_set(err, ERR_CONFIG, "parse glob: over %d bytes", MATCH_MAX_BYTES);
    if (find_open_end(pattern, &fault) || find_open_brace(pattern, &fault))
        return report(pattern, &fault, err);
    return true;
}

static bool add_glob(struct match *match, const char *text, struct err *err)
{
    auto_free char *shown = printable_new(match->text);
    struct glob_fault fault;

    if (match->count == MATCH_MAX_ALTERNATIVES)
        return err_set(err, ERR_CONFIG, "parse glob: over %d alternatives (\"%s\")",
                       MATCH_MAX_ALTERNATIVES, shown);
    struct glob *glob = glob_new(text, &fault);

    if (!glob)
        return report(text, &fault, err);
    match->globs = xrealloc(match->globs, (match->count + 1) * sizeof(struct glob *));
    match->globs[match->count++] = glob;
    return true;
}

/* From the start of an alternative to the comma or brace that ends it. */
static size_t alternative_end(const char *text, size_t at)
{
    size_t depth = 0;

    for (;; at = glob_next_index(text, at)) {
        if (depth == 0 && (text[at] == ',' || text[at] == '}'))
            return at;
        if (text[at] == '{')
            depth++;
        if (text[at] == '}')
            depth--;
    }
}

static size_t braces_end(const char *text, size_t at)
{
    do
        at = alternative_end(text, at + 1);
    while (text[at] == ',');
    return at;
}

/* Adds a glob for each way to choose one alternative of every brace. */
static bool add_alternatives(struct match *match, const char *text, struct err *err)
{
    size_t brace = 0;

    while (text[brace] != '\0' && text[brace] != '{')
        brace = glob_next_index(text, brace);
    if (text[brace] == '\0')
        return add_glob(match, text, err);

    const char *behind = text + braces_end(text, brace) + 1;

    for (size_t start = brace + 1; text + start < behind;) {
        size_t end = alternative_end(text, start);
        auto_free char *chosen =
            xasprintf("%.*s%.*s%s", (int)brace, text, (int)(end - start), text + start, behind);

        if (!add_alternatives(match, chosen, err))
            return false;
        start = end + 1;
    }
    return true;
}

struct match *match_new(const char *pattern, struct err *err)
{
    auto_match struct match *match = xcalloc(1, sizeof *match);

    match->text = xstrdup(pattern);
    if (!check_pattern(pattern, err) || !add_alternatives(match, pattern, err))
        return NULL;
    return auto_take(match);
}

void match_free(struct match *match)
{
    if (!match)
        return;
    for (size_t i = 0; i < match->count; i++)
        glob_free(match->globs[i]);
    free(match->globs);
    free(match->text);
    free(match);
}

const char *match_text(const struct match *match)
{
    return match->text;
}

bool match_path(const struct match *match, const char *relpath)
{
    for (size_t i = 0; i < match->count; i++) {
        if (glob_matches(match->globs[i], relpath))
            return true;
    }
    return false;
}

bool match_below(const struct match *match, const char *relpath)
{
    for (size_t i = 0; i < match->count; i++) {
        if (glob_matches_below(match->globs[i], relpath))
            return true;
    }
    return false;
}

const struct match *match_any(struct match *const *list, size_t count, const char *relpath)
{
    for (size_t i = 0; i < count; i++) {
        if (match_path(list[i], relpath))
            return list[i];
    }
    return NULL;
}
