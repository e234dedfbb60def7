/*
 * A glob is a list of components, with deep ones ("**") between; a component is a list
 * of tokens, with stars between. Both levels match in the same way: what stands before
 * the first wildcard is bound to the start, what stands behind the last to the end, and
 * each stretch between two takes the leftmost place where it fits. Leftmost leaves the
 * most room for the rest, so nothing is ever tried twice in different company.
 */
#include "watch/glob.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

enum token_kind { TOKEN_BYTE, TOKEN_ANY, TOKEN_SET, TOKEN_STAR };

struct token {
    uint8_t kind;
    uint8_t byte;
    uint16_t set; /* index */
};

/* The bytes that a [class] stands for. */
struct byte_set {
    uint8_t bits[32];
};

struct component {
    const struct token *tokens;
    size_t count;
    bool is_deep;
};

struct glob {
    struct token *tokens;
    struct component *components;
    struct byte_set *sets;
    size_t token_count;
    size_t set_count;
    size_t count; /* of components */
    size_t tail;  /* components behind the last deep one */
};

static bool token_matches(const struct glob *glob, struct token token, char byte)
{
    uint8_t value = (uint8_t)byte;

    if (token.kind == TOKEN_BYTE)
        return token.byte == value;
    if (token.kind == TOKEN_SET)
        return glob->sets[token.set].bits[value / 8] >> value % 8 & 1;
    return true;
}

static bool run_matches(const struct glob *glob, const struct token *run, size_t count,
                        const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (!token_matches(glob, run[i], text[i]))
            return false;
    }
    return true;
}

static size_t run_length(const struct token *tokens, size_t count)
{
    size_t length = 0;

    while (length < count && tokens[length].kind != TOKEN_STAR)
        length++;
    return length;
}

/* text[0..size) against what is left of a component from its first star on. */
static bool starred_matches(const struct glob *glob, const struct component *rest, const char *text,
                            size_t size)
{
    const struct token *tokens = rest->tokens;
    size_t count = rest->count;

    for (;;) {
        size_t length = run_length(++tokens, --count);

        if (length > size)
            return false;
        if (length == count) /* the last run is bound to the end */
            return run_matches(glob, tokens, length, text + size - length);
        while (!run_matches(glob, tokens, length, text)) {
            text++;
            if (--size < length)
                return false;
        }
        text += length;
        size -= length;
        tokens += length;
        count -= length;
    }
}

static bool component_matches(const struct glob *glob, const struct component *component,
                              const char *text, size_t size)
{
    size_t length = run_length(component->tokens, component->count);
    struct component rest = {.tokens = component->tokens + length,
                             .count = component->count - length};

    if (length > size || !run_matches(glob, component->tokens, length, text))
        return false;
    if (rest.count == 0)
        return length == size;
    return starred_matches(glob, &rest, text + length, size - length);
}

/* A path is walked by pointers to where a component starts; behind the last it is end + 1. */
static const char *component_end(const char *at, const char *end)
{
    const char *slash = memchr(at, '/', (size_t)(end - at));

    return slash ? slash : end;
}

/* Consecutive components of a glob. */
struct stretch {
    const struct component *components;
    size_t count;
};

/* Matches the stretch from *at on, all of it before limit, and moves *at behind it. */
static bool stretch_matches(const struct glob *glob, struct stretch stretch, const char **at,
                            const char *limit)
{
    const char *here = *at;

    for (size_t i = 0; i < stretch.count; i++) {
        if (here >= limit)
            return false;
        const char *stop = component_end(here, limit - 1);

        if (!component_matches(glob, &stretch.components[i], here, (size_t)(stop - here)))
            return false;
        here = stop + 1;
    }
    *at = here;
    return true;
}

/* What comes before the next deep component. */
static struct stretch first_stretch(const struct component *components, size_t count)
{
    struct stretch stretch = {.components = components};

    while (stretch.count < count && !components[stretch.count].is_deep)
        stretch.count++;
    return stretch;
}

/* Where the last count components of at..end start; NULL when there are fewer. */
static const char *tail_start(const char *at, const char *end, size_t count)
{
    const char *start = end + 1;

    for (; count > 0; count--) {
        if (start <= at)
            return NULL;
        const char *slash = memrchr(at, '/', (size_t)(start - 1 - at));

        start = slash ? slash + 1 : at;
    }
    return start;
}

/* The stretches that each have a deep component behind them, each at its leftmost place. */
static bool middle_matches(const struct glob *glob, struct stretch middle, const char *at,
                           const char *limit)
{
    while (middle.count > 0) {
        struct stretch stretch = first_stretch(middle.components, middle.count);

        while (!stretch_matches(glob, stretch, &at, limit)) {
            if (at >= limit)
                return false;
            at = component_end(at, limit - 1) + 1;
        }
        assert(middle.components[stretch.count].is_deep);
        middle.components += stretch.count + 1;
        middle.count -= stretch.count + 1;
    }
    return true;
}

/* Only the first count components of the glob, tail of them behind its last deep one. */
static bool matches(const struct glob *glob, size_t count, size_t tail, const char *path)
{
    const char *end = path + strlen(path);
    const char *at = path == end ? end + 1 : path;
    struct stretch head = first_stretch(glob->components, count);

    if (!stretch_matches(glob, head, &at, end + 1))
        return false;
    if (head.count == count)
        return at == end + 1;

    struct stretch last = {.components = glob->components + count - tail, .count = tail};
    struct stretch middle = {.components = glob->components + head.count + 1,
                             .count = count - tail - head.count - 1};
    const char *limit = tail_start(at, end, tail);
    const char *rest = limit;

    return limit && stretch_matches(glob, last, &rest, end + 1) &&
           middle_matches(glob, middle, at, limit);
}

/* --- reading ---------------------------------------------------------------------- */

static bool refuse(struct glob_fault *fault, size_t at, const char *what)
{
    *fault = (struct glob_fault){.at = at, .what = what};
    return false;
}

static bool is_negation(char byte)
{
    return byte == '!' || byte == '^';
}

/* One "a" or "a-z" of a class; *at ends on its last byte. */
static bool add_range(struct byte_set *set, const char *text, size_t *at, struct glob_fault *fault)
{
    size_t i = *at + (text[*at] == '\\');
    unsigned low = (unsigned char)text[i];
    unsigned high = low;

    if (text[i + 1] == '-' && text[i + 2] != ']') {
        i += text[i + 2] == '\\' ? 3 : 2;
        high = (unsigned char)text[i];
    }
    if (low > high)
        return refuse(fault, *at, "the ends of the range are the wrong way round");
    if (low == '/' || high == '/')
        return refuse(fault, *at, "a bracket can not match a slash");
    for (unsigned value = low; value <= high; value++)
        set->bits[value / 8] |= (uint8_t)(1U << value % 8);
    *at = i;
    return true;
}

static bool add_set(struct glob *glob, const char *text, size_t at, struct glob_fault *fault)
{
    struct byte_set set = {0};
    size_t end = glob_class_end(text, at);
    bool is_negated = is_negation(text[at + 1]);

    assert(end > 0);
    for (size_t i = at + 1 + is_negated; i < end; i++) {
        if (!add_range(&set, text, &i, fault))
            return false;
    }
    for (size_t i = 0; is_negated && i < sizeof set.bits; i++)
        set.bits[i] = (uint8_t)~set.bits[i];
    glob->sets = xrealloc(glob->sets, (glob->set_count + 1) * sizeof set);
    glob->sets[glob->set_count] = set;
    glob->tokens[glob->token_count++] =
        (struct token){.kind = TOKEN_SET, .set = (uint16_t)glob->set_count++};
    return true;
}

static bool add_token(struct glob *glob, const char *text, size_t at, struct glob_fault *fault)
{
    struct token token = {.kind = TOKEN_BYTE, .byte = (uint8_t)text[at]};

    if (text[at] == '[')
        return add_set(glob, text, at, fault);
    if (text[at] == '*')
        token.kind = TOKEN_STAR;
    if (text[at] == '?')
        token.kind = TOKEN_ANY;
    if (text[at] == '\\')
        token.byte = (uint8_t)text[at + 1];
    glob->tokens[glob->token_count++] = token;
    return true;
}

static bool is_dots(const struct component *component)
{
    for (size_t i = 0; i < component->count; i++) {
        if (component->tokens[i].kind != TOKEN_BYTE || component->tokens[i].byte != '.')
            return false;
    }
    return component->count <= 2;
}

static bool check_component(const struct component *component, size_t at, struct glob_fault *fault)
{
    bool has_double_star = false;

    for (size_t i = 1; i < component->count; i++)
        has_double_star |=
            component->tokens[i].kind == TOKEN_STAR && component->tokens[i - 1].kind == TOKEN_STAR;
    if (has_double_star && component->count > 2)
        return refuse(fault, at, "** must stand alone between slashes, as in **/*.bin");
    if (component->count == 0)
        return refuse(fault, at, "nothing between two slashes, before the first or after the last");
    if (is_dots(component))
        return refuse(fault, at, "no path has a component \".\" or \"..\"");
    return true;
}

/* Reads up to the next slash; *at ends on it, or on the end of the text. */
static bool add_component(struct glob *glob, const char *text, size_t *at, struct glob_fault *fault)
{
    struct component component = {.tokens = glob->tokens + glob->token_count};
    size_t start = *at;
    size_t stars = 0;

    while (text[*at] != '\0' && text[*at] != '/') {
        stars += text[*at] == '*';
        if (!add_token(glob, text, *at, fault))
            return false;
        *at = glob_next_index(text, *at);
    }
    component.count = (size_t)(glob->tokens + glob->token_count - component.tokens);
    component.is_deep = stars == 2 && component.count == 2;
    if (!check_component(&component, start, fault))
        return false;
    glob->tail = component.is_deep ? 0 : glob->tail + 1;
    glob->components[glob->count++] = component;
    return true;
}

static bool read_glob(struct glob *glob, const char *text, struct glob_fault *fault)
{
    for (size_t at = 0;; at++) {
        if (!add_component(glob, text, &at, fault))
            return false;
        if (text[at] == '\0')
            return true;
    }
}

/* A deep component at the end stands for at least one component: "**" and then "*". */
static void end_deep(struct glob *glob)
{
    struct component *last = &glob->components[glob->count];

    if (glob->tail > 0)
        return;
    *last = (struct component){.tokens = last[-1].tokens, .count = 1};
    glob->count++;
    glob->tail = 1;
}

struct glob *glob_new(const char *text, struct glob_fault *fault)
{
    auto_glob struct glob *glob = xcalloc(1, sizeof *glob);
    size_t size = strlen(text);

    /* Every token and every component is at least a byte of the text. */
    glob->tokens = xcalloc(size + 1, sizeof *glob->tokens);
    glob->components = xcalloc(size + 2, sizeof *glob->components);
    if (!read_glob(glob, text, fault))
        return NULL;
    end_deep(glob);
    return auto_take(glob);
}

void glob_free(struct glob *glob)
{
    if (!glob)
        return;
    free(glob->tokens);
    free(glob->components);
    free(glob->sets);
    free(glob);
}

bool glob_matches(const struct glob *glob, const char *path)
{
    return *path != '\0' && matches(glob, glob->count, glob->tail, path);
}

bool glob_matches_below(const struct glob *glob, const char *path)
{
    const struct component *last = &glob->components[glob->count - 1];
    bool is_star = last->count == 1 && last->tokens->kind == TOKEN_STAR;

    /* Without its last star it ends with a deep component: that takes whatever follows. */
    if (glob->count < 2 || !is_star || !last[-1].is_deep)
        return false;
    return matches(glob, glob->count - 1, 0, path);
}

size_t glob_class_end(const char *text, size_t at)
{
    size_t first = at + 1 + is_negation(text[at + 1]);

    for (size_t i = first; text[i] != '\0'; i++) {
        if (text[i] == ']' && i > first)
            return i;
        if (text[i] == '\\' && text[++i] == '\0')
            return 0;
    }
    return 0;
}

size_t glob_next_index(const char *text, size_t at)
{
    if (text[at] == '[')
        return glob_class_end(text, at) + 1;
    return at + (text[at] == '\\' ? 2 : 1);
}
