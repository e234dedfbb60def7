/*
 * Recognising one means running its template backwards. The names in it become the
 * wildcards of a glob: "{dir}/{stem}.cdx.json" is found by "**" and "*.cdx.json".
 */
#include "watch/companion.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/path_name.h"
#include "base/printable.h"
#include "base/template.h"
#include "watch/match.h"

struct companion {
    struct template *template;
    struct match *shape;
};

static const char *const known_names[] = {"path", "relpath", "dir", "file", "stem", "ext", NULL};

/* The glob as it grows. */
struct shape {
    char *glob; /* room for what any template of that length can become */
    size_t size;
    bool has_own_text;
    bool ends_with_star;
};

static bool starts_component(const struct shape *shape)
{
    return shape->size == 0 || shape->glob[shape->size - 1] == '/';
}

static void add_wildcard(struct shape *shape, const char *glob)
{
    size_t size = strlen(glob);

    memcpy(shape->glob + shape->size, glob, size);
    shape->size += size;
    shape->ends_with_star = true;
}

static void add_own_text(struct shape *shape, const char *text)
{
    for (; *text; text++) {
        if (strchr("*?[]{}\\", *text))
            shape->glob[shape->size++] = '\\';
        shape->glob[shape->size++] = *text;
        shape->has_own_text |= *text != '/' && *text != '.';
        shape->ends_with_star = false;
    }
}

/* NULL, or why the name can not stand there. */
static const char *add_name(struct shape *shape, const char *name, const char *next)
{
    bool is_dir = strcmp(name, "dir") == 0;
    bool is_path = strcmp(name, "path") == 0 || strcmp(name, "relpath") == 0;

    if ((is_dir || is_path) && !starts_component(shape))
        return "{path}, {relpath} and {dir} stand first or behind a slash";
    if (is_dir && (!next || *next != '/'))
        return "{dir} has a slash behind it";
    if (is_dir)
        add_wildcard(shape, "**");
    else if (is_path)
        add_wildcard(shape, "**/*");
    else if (!shape->ends_with_star) /* "{stem}{ext}": two stars would be a deep wildcard */
        add_wildcard(shape, "*");
    return NULL;
}

static const char *add_pieces(struct shape *shape, const struct template *template)
{
    size_t count = template_count(template);

    for (size_t i = 0; i < count; i++) {
        const struct template_piece *piece = template_piece(template, i);
        const char *next = i + 1 < count ? template_piece(template, i + 1)->text : NULL;

        const char *fault = piece->name ? add_name(shape, piece->name, next) : NULL;

        if (fault)
            return fault;
        if (!piece->name)
            add_own_text(shape, piece->text);
    }
    if (starts_component(shape) || shape->glob[0] == '/')
        return "it must name a file below the watched folder";
    return shape->has_own_text ? NULL : "without text of its own it is the image itself";
}

static struct match *find_shape(const struct template *template, struct err *err)
{
    const char *text = template_text(template);
    auto_free char *shown = printable_new(text);
    /* An escaped byte becomes two, the shortest name ({dir}) fewer than it had. */
    auto_free char *glob = xcalloc(2 * strlen(text) + 1, 1);
    struct shape shape = {.glob = glob};
    const char *fault = add_pieces(&shape, template);

    if (!fault)
        return match_new(glob, err);
    (void)err_set(err, ERR_CONFIG, "parse template: %s (\"%s\")", fault, shown);
    return NULL;
}

static const char *part_value(const struct path_name_parts *parts, const char *relpath,
                              const char *name)
{
    if (strcmp(name, "dir") == 0)
        return parts->dir;
    if (strcmp(name, "file") == 0)
        return parts->file;
    if (strcmp(name, "stem") == 0)
        return parts->stem;
    if (strcmp(name, "ext") == 0)
        return parts->ext;
    return relpath;
}

struct companion *companion_new(const char *text, struct err *err)
{
    auto_companion struct companion *companion = xcalloc(1, sizeof *companion);

    companion->template = template_new(text, known_names, err);
    if (companion->template)
        companion->shape = find_shape(companion->template, err);
    return companion->shape ? auto_take(companion) : NULL;
}

void companion_free(struct companion *companion)
{
    if (!companion)
        return;
    template_free(companion->template);
    match_free(companion->shape);
    free(companion);
}

const char *companion_text(const struct companion *companion)
{
    return template_text(companion->template);
}

bool companion_matches(const struct companion *companion, const char *relpath)
{
    return match_path(companion->shape, relpath);
}

char *companion_path(const struct companion *companion, const char *relpath)
{
    auto_path_name_parts struct path_name_parts parts = {0};
    size_t count = template_count(companion->template);
    size_t most = strlen(template_text(companion->template)) + count * strlen(relpath);
    struct buf path = {.max = most};
    bool skips_slash = false; /* "{dir}/x" of an image at the top is "x" */

    path_name_split(relpath, &parts);
    for (size_t i = 0; i < count; i++) {
        const struct template_piece *piece = template_piece(companion->template, i);
        const char *text =
            piece->name ? part_value(&parts, relpath, piece->name) : piece->text + skips_slash;

        buf_print(&path, "%s", text);
        skips_slash = piece->name && *text == '\0' && strcmp(piece->name, "dir") == 0;
    }
    return path.bytes;
}
