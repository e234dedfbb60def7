#include "watch/metadata.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path_name.h"
#include "base/printable.h"
#include "base/template.h"

/* What the program knows of each field. */
static const struct {
    const char *key;
    bool is_required;
    const char *text; /* the default */
} fields[] = {
#define X(field, key_, required, text_) {key_, required, text_},
    METADATA_FIELDS(X)
#undef X
};

static const char *const fact_names[] = {"path",  "relpath", "dir",    "file",  "stem",      "ext",
                                         "mtime", "size",    "sha256", "watch", TEMPLATE_ENV};

enum { FACT_COUNT = sizeof fact_names / sizeof fact_names[0] };

/* The default name of an image without a version, as the official client's. */
static const char unversioned_name[] = "{vendor}-{product}-{file}";

struct metadata_rules {
    char *watch;
    struct template *templates[METADATA_FIELD_COUNT]; /* NULL: neither set nor defaulted */
    bool is_default[METADATA_FIELD_COUNT];
    struct template *unversioned;
    char **groups; /* ends with NULL */
    const char *(*environment)(const char *name);
};

static bool is_group(const struct metadata_rules *rules, const char *name)
{
    for (char **group = rules->groups; *group; group++) {
        if (strcmp(*group, name) == 0)
            return true;
    }
    return false;
}

/* --- building ---------------------------------------------------------------------- */

static void copy_groups(struct metadata_rules *rules, const char *const *groups)
{
    size_t count = 0;

    while (groups && groups[count])
        count++;
    rules->groups = xcalloc(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        rules->groups[i] = xstrdup(groups[i]);
}

/* All names that a template may use; the array is the caller's, the names are not. */
static const char **collect_names(const struct metadata_rules *rules)
{
    size_t used = 0;
    size_t groups = 0;

    while (rules->groups[groups])
        groups++;
    const char **names =
        xcalloc(groups + METADATA_FIELD_COUNT + FACT_COUNT + 1, sizeof(const char *));

    for (size_t i = 0; i < groups; i++)
        names[used++] = rules->groups[i];
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++)
        names[used++] = fields[i].key;
    for (size_t i = 0; i < FACT_COUNT; i++)
        names[used++] = fact_names[i];
    return names;
}

/* What a template without names gives is the same for every file: it is checked now. */
static bool check_constant(const struct template *template, enum metadata_field field,
                           struct err *err)
{
    const char *value = template_count(template) ? template_piece(template, 0)->text : "";
    auto_free char *shown = printable_new(template_text(template));

    if (!template_is_constant(template))
        return true;
    const char *fault = metadata_field_fault(field, value);

    if (fields[field].is_required && *value == '\0')
        fault = "is empty, but the platform needs one";
    return !fault || err_set(err, ERR_CONFIG, "%s: \"%s\"", fault, shown);
}

static bool add_template(struct metadata_rules *rules, enum metadata_field field, const char *text,
                         const char *const *names, struct err *err)
{
    rules->is_default[field] = !text;
    if (!text)
        text = fields[field].text;
    if (!text)
        return true;
    rules->templates[field] = template_new(text, names, err);
    return rules->templates[field] && check_constant(rules->templates[field], field, err);
}

static bool add_templates(struct metadata_rules *rules, const struct metadata_options *options,
                          struct err *err)
{
    auto_free const char **names = collect_names(rules);

    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        enum metadata_field field = (enum metadata_field)i;

        if (!add_template(rules, field, options->text[i], names, err))
            return err_wrap(err, "%s", fields[i].key);
        if (fields[i].is_required && !rules->templates[i] && !options->has_sidecar)
            return err_set(err, ERR_CONFIG, "%s: not set, but the platform needs one",
                           fields[i].key);
    }
    rules->unversioned = template_new(unversioned_name, names, err);
    return rules->unversioned != NULL;
}

/* How far the search for circles has come with a field. */
enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

static bool check_circle(const struct metadata_rules *rules, enum metadata_field field,
                         enum visit visits[METADATA_FIELD_COUNT], struct err *err)
{
    const struct template *template = rules->templates[field];

    if (visits[field] == VISIT_OPEN)
        return err_set(err, ERR_CONFIG, "needs {%s} again; `match` has no group of that name",
                       fields[field].key);
    if (visits[field] == VISIT_DONE || !template)
        return true;
    visits[field] = VISIT_OPEN;
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        bool is_used = template_uses(template, fields[i].key) && !is_group(rules, fields[i].key);

        if (is_used && !check_circle(rules, (enum metadata_field)i, visits, err))
            return err_wrap(err, "%s", fields[field].key);
    }
    visits[field] = VISIT_DONE;
    return true;
}

static bool check_circles(const struct metadata_rules *rules, struct err *err)
{
    enum visit visits[METADATA_FIELD_COUNT] = {VISIT_NEW};

    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        if (!check_circle(rules, (enum metadata_field)i, visits, err))
            return false;
    }
    return true;
}

/* --- resolving --------------------------------------------------------------------- */

/* One file's fields as they are found: a field that needs another finds that one first. */
struct resolver {
    const struct metadata_rules *rules;
    const struct metadata_facts *facts;
    const struct metadata_sidecar *sidecar;
    struct path_name_parts parts;
    char mtime[CLOCK_TEXT_SIZE];
    char *size;
    struct metadata *out;
    bool is_found[METADATA_FIELD_COUNT];
    bool has_failed; /* then *err says why */
    struct err *err;
};

/* The template of one field being filled. */
struct filling {
    struct resolver *resolver;
    bool used_group;
};

static void find_value(struct resolver *resolver, enum metadata_field field);

static const char *fact_value(const struct resolver *resolver, const char *name)
{
    const struct metadata_facts *facts = resolver->facts;
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"path", facts->path},          {"relpath", facts->relpath},
        {"dir", resolver->parts.dir},   {"file", resolver->parts.file},
        {"stem", resolver->parts.stem}, {"ext", resolver->parts.ext},
        {"mtime", resolver->mtime},     {"size", resolver->size},
        {"sha256", facts->sha256},      {"watch", resolver->rules->watch},
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    }
    assert(strncmp(name, TEMPLATE_ENV, strlen(TEMPLATE_ENV)) == 0);
    if (!resolver->rules->environment)
        return NULL;
    return resolver->rules->environment(name + strlen(TEMPLATE_ENV));
}

static const char *on_lookup(void *owner, const char *name)
{
    struct filling *filling = owner;
    struct resolver *resolver = filling->resolver;
    enum metadata_field field;
    bool is_field = metadata_field_find(name, &field);

    if (is_field && resolver->sidecar && resolver->sidecar->value[field])
        return resolver->sidecar->value[field];
    if (is_group(resolver->rules, name)) {
        filling->used_group = true;
        return resolver->facts->groups ? pattern_groups_value(resolver->facts->groups, name) : NULL;
    }
    if (!is_field)
        return fact_value(resolver, name);
    find_value(resolver, field);
    return resolver->out->value[field];
}

static void fail(struct resolver *resolver, enum metadata_field field, const char *what)
{
    auto_free char *shown = printable_new(what);

    if (resolver->has_failed) /* the innermost reason stands */
        return;
    resolver->has_failed = true;
    (void)err_set(resolver->err, ERR_INPUT, "set %s: %s", fields[field].key, shown);
}

static void keep(struct resolver *resolver, enum metadata_field field, const char *value,
                 enum metadata_origin origin, const char *detail)
{
    struct metadata *out = resolver->out;
    const char *fault = metadata_field_fault(field, value);

    if (fault) {
        auto_free char *what = xasprintf("%s: \"%s\"", fault, value);

        fail(resolver, field, what);
        return;
    }
    out->value[field] = *value ? xstrdup(value) : NULL;
    out->detail[field] = detail ? xstrdup(detail) : NULL;
    out->origin[field] = origin;
}

static void explain_missing(struct resolver *resolver, enum metadata_field field, const char *name)
{
    bool needs_match = is_group(resolver->rules, name) && !resolver->facts->groups;

    resolver->out->detail[field] = xasprintf("{%s} has no value%s", name,
                                             needs_match ? ": the path does not fit `match`" : "");
}

/* The default name has two forms. */
static const struct template *choose_template(struct filling *filling, enum metadata_field field)
{
    const struct metadata_rules *rules = filling->resolver->rules;
    const char *version = NULL;

    if (field != METADATA_NAME || !rules->is_default[field])
        return rules->templates[field];
    version = on_lookup(filling, fields[METADATA_VERSION].key);
    return version && *version ? rules->templates[field] : rules->unversioned;
}

static enum metadata_origin origin_of(const struct filling *filling, enum metadata_field field)
{
    if (filling->resolver->rules->is_default[field])
        return field == METADATA_NAME ? METADATA_DERIVED : METADATA_DEFAULT;
    return filling->used_group ? METADATA_GROUP : METADATA_TEMPLATE;
}

static void fill_template(struct resolver *resolver, enum metadata_field field)
{
    struct filling filling = {.resolver = resolver};
    const struct template *template = choose_template(&filling, field);
    auto_buf struct buf value = {.max = METADATA_VALUE_MAX_BYTES};
    const char *missing = NULL;
    struct err err;

    if (!template)
        return;
    if (template_expand(template, on_lookup, &filling, &value, &missing, &err)) {
        const char *text = value.size ? value.bytes : "";

        keep(resolver, field, text, origin_of(&filling, field), template_text(template));
        return;
    }
    if (missing)
        explain_missing(resolver, field, missing);
    else
        fail(resolver, field, "is over 1024 bytes");
}

static void find_value(struct resolver *resolver, enum metadata_field field)
{
    const struct metadata_sidecar *sidecar = resolver->sidecar;

    if (resolver->is_found[field] || resolver->has_failed)
        return;
    resolver->is_found[field] = true;
    if (sidecar && sidecar->value[field])
        keep(resolver, field, sidecar->value[field], METADATA_SIDECAR, sidecar->place[field]);
    else
        fill_template(resolver, field);
}

static void check_required(struct resolver *resolver, enum metadata_field field)
{
    const struct metadata *out = resolver->out;

    if (!fields[field].is_required || out->value[field])
        return;
    if (out->origin[field] == METADATA_SIDECAR)
        fail(resolver, field, "the sidecar leaves it empty");
    else if (out->detail[field])
        fail(resolver, field, out->detail[field]);
    else
        fail(resolver, field, "neither the configuration nor the sidecar has it");
}

struct metadata_rules *metadata_rules_new(const struct metadata_options *options, struct err *err)
{
    auto_metadata_rules struct metadata_rules *rules = xcalloc(1, sizeof *rules);

    rules->watch = xstrdup(options->watch);
    rules->environment = options->environment;
    copy_groups(rules, options->groups);
    if (!add_templates(rules, options, err) || !check_circles(rules, err))
        return NULL;
    return auto_take(rules);
}

void metadata_rules_free(struct metadata_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++)
        template_free(rules->templates[i]);
    template_free(rules->unversioned);
    for (char **group = rules->groups; *group; group++)
        free(*group);
    free(rules->groups);
    free(rules->watch);
    free(rules);
}

bool metadata_resolve(const struct metadata_rules *rules, const struct metadata_facts *facts,
                      const struct metadata_sidecar *sidecar, struct metadata *out, struct err *err)
{
    auto_path_name_parts struct path_name_parts parts = {0};
    auto_free char *size = xasprintf("%" PRIu64, facts->size);
    struct resolver resolver = {
        .rules = rules, .facts = facts, .sidecar = sidecar, .size = size, .out = out, .err = err};

    *out = (struct metadata){0};
    path_name_split(facts->relpath, &parts);
    resolver.parts = parts;
    clock_text(facts->mtime_ms, resolver.mtime);
    for (size_t i = 0; i < METADATA_FIELD_COUNT && !resolver.has_failed; i++) {
        find_value(&resolver, (enum metadata_field)i);
        check_required(&resolver, (enum metadata_field)i);
    }
    out->monitoring =
        out->value[METADATA_MONITORING] && strcmp(out->value[METADATA_MONITORING], "true") == 0;
    return !resolver.has_failed;
}

void metadata_release(struct metadata *metadata)
{
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        free(metadata->value[i]);
        free(metadata->detail[i]);
    }
    *metadata = (struct metadata){0};
}

char *metadata_origin_text(const struct metadata *metadata, enum metadata_field field)
{
    const char *detail = metadata->detail[field];
    auto_free char *shown = printable_new(detail ? detail : "");

    switch (metadata->origin[field]) {
    case METADATA_UNSET:
        return detail ? xasprintf("not sent, %s", shown) : xstrdup("not sent");
    case METADATA_DEFAULT:
        return xstrdup("default");
    case METADATA_TEMPLATE:
        return xasprintf("template \"%s\"", shown);
    case METADATA_GROUP:
        return xasprintf("template \"%s\", filled from match", shown);
    case METADATA_SIDECAR:
        return xasprintf("sidecar %s", shown);
    case METADATA_DERIVED:
        return xasprintf("derived, \"%s\"", shown);
    }
    abort();
}
