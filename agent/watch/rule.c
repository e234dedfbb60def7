#include "watch/rule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "watch/companion.h"
#include "watch/match.h"

enum { NAME_MAX_BYTES = 255 };

/* An exclude that matches a folder also holds for what is below it. */
struct exclude {
    struct match *itself;
    struct match *below;
};

struct rule_set {
    struct match **includes;
    size_t include_count;
    struct exclude *excludes;
    size_t exclude_count;
    struct companion *marker; /* NULL: none */
    struct companion *sidecar;
    struct companion *attachment;
};

/* Programs write to these and rename at the end; .partial is what rclone does. */
static const struct {
    const char *glob;
    const char *suffix;
} temporaries[] = {{"*.part", ".part"}, {"*.tmp", ".tmp"}, {"*.partial", ".partial"}};

static bool add_includes(struct rule_set *set, const struct rule_options *options, struct err *err)
{
    static const char *const everything[] = {"**/*"};
    size_t count = options->include_count ? options->include_count : 1;
    const char *const *globs = options->include_count ? options->include : everything;

    set->includes = xcalloc(count, sizeof(struct match *));
    for (size_t i = 0; i < count; i++) {
        set->includes[i] = match_new(globs[i], err);
        if (!set->includes[i])
            return err_wrap(err, "include[%zu]", i);
        set->include_count++;
    }
    return true;
}

static bool add_excludes(struct rule_set *set, const struct rule_options *options, struct err *err)
{
    set->excludes = xcalloc(options->exclude_count + 1, sizeof *set->excludes);
    for (size_t i = 0; i < options->exclude_count; i++) {
        struct exclude *exclude = &set->excludes[set->exclude_count++];
        auto_free char *below = xasprintf("%s/**", options->exclude[i]);

        exclude->itself = match_new(options->exclude[i], err);
        if (exclude->itself)
            exclude->below = match_new(below, err);
        if (!exclude->below)
            return err_wrap(err, "exclude[%zu]", i);
    }
    return true;
}

static bool add_companion(struct companion **companion, const char *key, const char *text,
                          struct err *err)
{
    if (text)
        *companion = companion_new(text, err);
    return !text || *companion || err_wrap(err, "%s", key);
}

static bool add_companions(struct rule_set *set, const struct rule_options *options,
                           struct err *err)
{
    return add_companion(&set->marker, "marker", options->marker, err) &&
           add_companion(&set->sidecar, "sidecar", options->sidecar, err) &&
           add_companion(&set->attachment, "attach_sbom.path", options->attachment, err);
}

/* --- judging ----------------------------------------------------------------------- */

static struct rule_judgement ignore(enum rule_reason reason, const char *rule)
{
    return (struct rule_judgement){.verdict = RULE_IGNORE, .reason = reason, .rule = rule};
}

static struct rule_judgement take(const char *rule)
{
    return (struct rule_judgement){.verdict = RULE_TAKE, .reason = RULE_INCLUDED, .rule = rule};
}

static bool has_dot(const char *relpath)
{
    return *relpath == '.' || strstr(relpath, "/.");
}

static struct rule_judgement judge_dot(const char *relpath)
{
    const char *slash = strrchr(relpath, '/');
    bool is_own = slash ? slash[1] == '.' : *relpath == '.';

    return ignore(is_own ? RULE_DOTFILE : RULE_BELOW_DOT, NULL);
}

static const char *find_temporary(const char *relpath)
{
    size_t size = strlen(relpath);

    for (size_t i = 0; i < sizeof temporaries / sizeof temporaries[0]; i++) {
        size_t tail = strlen(temporaries[i].suffix);

        if (size > tail && strcmp(relpath + size - tail, temporaries[i].suffix) == 0)
            return temporaries[i].glob;
    }
    return NULL;
}

static const char *find_companion(const struct companion *companion, const char *relpath)
{
    bool is_one = companion && companion_matches(companion, relpath);

    return is_one ? companion_text(companion) : NULL;
}

static const char *find_exclude(const struct rule_set *set, const char *relpath,
                                enum rule_kind kind)
{
    for (size_t i = 0; i < set->exclude_count; i++) {
        const struct exclude *exclude = &set->excludes[i];
        bool is_hit = kind == RULE_DIRECTORY ? match_below(exclude->below, relpath)
                                             : match_path(exclude->itself, relpath) ||
                                                   match_path(exclude->below, relpath);

        if (is_hit)
            return match_text(exclude->itself);
    }
    return NULL;
}

static struct rule_judgement judge_directory(const struct rule_set *set, const char *relpath)
{
    const char *rule = find_exclude(set, relpath, RULE_DIRECTORY);

    return rule ? ignore(RULE_EXCLUDED, rule) : take(NULL);
}

static struct rule_judgement judge_file(const struct rule_set *set, const char *relpath)
{
    const char *rule = find_temporary(relpath);

    if (rule)
        return ignore(RULE_TEMPORARY, rule);
    if ((rule = find_companion(set->marker, relpath)))
        return ignore(RULE_MARKER, rule);
    if ((rule = find_companion(set->sidecar, relpath)))
        return ignore(RULE_SIDECAR, rule);
    if ((rule = find_companion(set->attachment, relpath)))
        return ignore(RULE_ATTACHMENT, rule);
    if ((rule = find_exclude(set, relpath, RULE_FILE)))
        return ignore(RULE_EXCLUDED, rule);

    const struct match *include = match_any(set->includes, set->include_count, relpath);

    return include ? take(match_text(include)) : ignore(RULE_NOT_INCLUDED, NULL);
}

struct rule_set *rule_set_new(const struct rule_options *options, struct err *err)
{
    auto_rule_set struct rule_set *set = xcalloc(1, sizeof *set);

    if (!add_includes(set, options, err) || !add_excludes(set, options, err) ||
        !add_companions(set, options, err))
        return NULL;
    return auto_take(set);
}

void rule_set_free(struct rule_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->include_count; i++)
        match_free(set->includes[i]);
    for (size_t i = 0; i < set->exclude_count; i++) {
        match_free(set->excludes[i].itself);
        match_free(set->excludes[i].below);
    }
    companion_free(set->marker);
    companion_free(set->sidecar);
    companion_free(set->attachment);
    free(set->includes);
    free(set->excludes);
    free(set);
}

struct rule_judgement rule_judge(const struct rule_set *set, const char *relpath,
                                 enum rule_kind kind)
{
    assert(*relpath != '/');
    if (has_dot(relpath))
        return judge_dot(relpath);
    return kind == RULE_DIRECTORY ? judge_directory(set, relpath) : judge_file(set, relpath);
}

char *rule_judgement_text(const struct rule_judgement *judgement)
{
    auto_free char *rule = printable_new(judgement->rule ? judgement->rule : "");

    switch (judgement->reason) {
    case RULE_INCLUDED:
        return *rule ? xasprintf("included by %s", rule) : xstrdup("entered");
    case RULE_DOTFILE:
        return xstrdup("dotfile");
    case RULE_BELOW_DOT:
        return xstrdup("below a dot-directory");
    case RULE_TEMPORARY:
        return xasprintf("temporary name %s", rule);
    case RULE_MARKER:
        return xasprintf("is a marker, %s", rule);
    case RULE_SIDECAR:
        return xasprintf("is a sidecar, %s", rule);
    case RULE_ATTACHMENT:
        return xasprintf("is an SBOM attachment, %s", rule);
    case RULE_EXCLUDED:
        return xasprintf("excluded by %s", rule);
    case RULE_NOT_INCLUDED:
        return xstrdup("not matched by any include");
    }
    abort();
}

char *rule_marker_path(const struct rule_set *set, const char *relpath)
{
    return set->marker ? companion_path(set->marker, relpath) : NULL;
}

char *rule_sidecar_path(const struct rule_set *set, const char *relpath)
{
    return set->sidecar ? companion_path(set->sidecar, relpath) : NULL;
}

char *rule_attachment_path(const struct rule_set *set, const char *relpath)
{
    return set->attachment ? companion_path(set->attachment, relpath) : NULL;
}

const char *rule_name_fault(const char *name)
{
    size_t size = strlen(name);

    if (size == 0)
        return "is empty";
    if (size > NAME_MAX_BYTES)
        return "is over 255 bytes";
    if (strpbrk(name, "\r\n"))
        return "has a line break, which would end a multipart header";
    if (strpbrk(name, "\"\\"))
        return "has a quote or a backslash, which would end or change a multipart header";
    for (size_t at = 0; at < size; at += utf8_length(name + at, size - at)) {
        if (utf8_length(name + at, size - at) == 0)
            return "is not valid UTF-8";
    }
    return printable_is(name) ? NULL : "has control or invisible direction characters";
}
