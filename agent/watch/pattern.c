/*
 * Not compiled to machine code: that fails under MemoryDenyWriteExecute=, counts steps
 * in another way, and would save less than a microsecond on a path.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "watch/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

/*
 * The library counts steps anew at each byte where a match might start, and does not
 * count the bytes that one step walks over. A pattern that is bound to the start ("^")
 * has one such place and gets the steps that 4 KiB paths need: 4,093 for "^.*-(\d+)",
 * 6,137 with an optional folder before it. Any other is quadratic at best: 512 bytes cost
 * an honest one 8 ms on a slow machine, 1,024 bytes 30 ms of everybody's time.
 */
enum {
    TEXT_MAX_BYTES = 4096,
    ANCHORED_STEPS = 20000,
    FLOATING_STEPS = 4000,
    FLOATING_SUBJECT_MAX_BYTES = 512,
    DEPTH_MAX = 5000, /* "(?:[^/]+/)*" nests once per component, 2,048 at most */
    HEAP_MAX_KIB = 1024,
    NAME_INDEX_BYTES = 2, /* before each name in the library's table */
};

struct pattern {
    char *text;
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    char **names; /* ends with NULL */
    size_t name_count;
    bool is_floating;
};

static uint32_t ask_number(const struct pattern *pattern, uint32_t what)
{
    uint32_t number = 0;

    pcre2_pattern_info(pattern->code, what, &number);
    return number;
}

static bool has_name(const struct pattern *pattern, const char *name)
{
    for (size_t i = 0; i < pattern->name_count; i++) {
        if (strcmp(pattern->names[i], name) == 0)
            return true;
    }
    return false;
}

/* A name may stand for several groups ("(?J)"): it is kept once. */
static void read_names(struct pattern *pattern)
{
    uint32_t count = ask_number(pattern, PCRE2_INFO_NAMECOUNT);
    uint32_t entry_size = ask_number(pattern, PCRE2_INFO_NAMEENTRYSIZE);
    PCRE2_SPTR table = NULL;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, (void *)&table);
    pattern->names = xcalloc(count + 1, sizeof(char *));
    for (uint32_t i = 0; i < count; i++) {
        const char *name = (const char *)table + (size_t)i * entry_size + NAME_INDEX_BYTES;

        if (!has_name(pattern, name))
            pattern->names[pattern->name_count++] = xstrdup(name);
    }
}

static bool compile(struct pattern *pattern, struct err *err)
{
    /* The text must not switch to characters by itself: "(*UTF)" would refuse other paths. */
    const uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
    auto_free char *shown = printable_new(pattern->text);
    PCRE2_SIZE at = 0;
    int code = 0;
    PCRE2_UCHAR reason[160];

    pattern->code =
        pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
    if (pattern->code)
        return true;
    pcre2_get_error_message(code, reason, sizeof reason);
    return err_set(err, ERR_CONFIG, "parse pattern: %s (byte %zu of \"%s\")", (const char *)reason,
                   at + 1, shown);
}

static void prepare(struct pattern *pattern)
{
    pattern->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    if (!pattern->data || !pattern->limits)
        abort();
    pattern->is_floating = !(ask_number(pattern, PCRE2_INFO_ALLOPTIONS) & PCRE2_ANCHORED);
    pcre2_set_match_limit(pattern->limits, pattern->is_floating ? FLOATING_STEPS : ANCHORED_STEPS);
    pcre2_set_depth_limit(pattern->limits, DEPTH_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_MAX_KIB);
}

static char *copy_group(const struct pattern *pattern, const char *name)
{
    PCRE2_UCHAR *copy = NULL;
    PCRE2_SIZE size = 0;

    /* Of several groups of that name this finds the one that took part. */
    if (pcre2_substring_get_byname(pattern->data, (PCRE2_SPTR)name, &copy, &size) != 0)
        return NULL;
    char *value = xstrndup((const char *)copy, size);
    pcre2_substring_free(copy);
    return value;
}

static void copy_groups(const struct pattern *pattern, struct pattern_groups *out)
{
    out->names = pattern_names(pattern);
    out->count = pattern->name_count;
    out->values = xcalloc(out->count + 1, sizeof(char *));
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = copy_group(pattern, pattern->names[i]);
}

struct pattern *pattern_new(const char *text, struct err *err)
{
    auto_pattern struct pattern *pattern = xcalloc(1, sizeof *pattern);

    if (strlen(text) > TEXT_MAX_BYTES) {
        err_set(err, ERR_CONFIG, "parse pattern: over %d bytes", TEXT_MAX_BYTES);
        return NULL;
    }
    pattern->text = xstrdup(text);
    if (!compile(pattern, err))
        return NULL;
    read_names(pattern);
    prepare(pattern);
    return auto_take(pattern);
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    for (size_t i = 0; i < pattern->name_count; i++)
        free(pattern->names[i]);
    free(pattern->names);
    pcre2_match_context_free(pattern->limits);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    free(pattern->text);
    free(pattern);
}

const char *pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}

const char *const *pattern_names(const struct pattern *pattern)
{
    return (const char *const *)pattern->names;
}

enum pattern_outcome pattern_run(struct pattern *pattern, const char *subject,
                                 struct pattern_groups *out)
{
    size_t size = strlen(subject);

    *out = (struct pattern_groups){0};
    if (pattern->is_floating && size > FLOATING_SUBJECT_MAX_BYTES)
        return PATTERN_GAVE_UP;
    int code =
        pcre2_match(pattern->code, (PCRE2_SPTR)subject, size, 0, 0, pattern->data, pattern->limits);

    if (code == PCRE2_ERROR_NOMATCH)
        return PATTERN_NO_MATCH;
    if (code < 0)
        return PATTERN_GAVE_UP;
    copy_groups(pattern, out);
    return PATTERN_MATCHED;
}

const char *pattern_groups_value(const struct pattern_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->names[i], name) == 0)
            return groups->values[i];
    }
    return NULL;
}

void pattern_groups_release(struct pattern_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->values[i]);
    free(groups->values);
    *groups = (struct pattern_groups){0};
}
