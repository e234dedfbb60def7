#include "base/path_name.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/printable.h"

enum {
    MARK_HEX_SIZE = 8,
    MARK_SIZE = 1 + MARK_HEX_SIZE,
    /* A cut name may end up to 3 bytes short of the cap, at the last whole character. */
    UTF8_SLACK = 3,
    LEAST_VALUE_SIZE = 32,
};

/* Length of the printable character at text, 0 when it must not stand in a name. */
static size_t keepable(const char *text, size_t size)
{
    size_t length = utf8_length(text, size);
    char one[5] = {0};

    if (length == 0 || *text == '/')
        return 0;
    memcpy(one, text, length);
    return printable_is(one) ? length : 0;
}

/* Repairs into out, which has room for as many bytes as text has. */
static void repair(const char *text, size_t size, char *out)
{
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        size_t length = keepable(text + at, size - at);

        if (length == 0) {
            out[used++] = '_';
            at++;
            continue;
        }
        memcpy(out + used, text + at, length);
        used += length;
        at += length;
    }
    out[used] = '\0';
    if (out[0] == '.' || out[0] == '-')
        out[0] = '_';
    for (; used > 0 && (out[used - 1] == ' ' || out[used - 1] == '.'); used--)
        out[used - 1] = '_';
}

static void cut(char *name, size_t max)
{
    if (strlen(name) <= max)
        return;
    while (max > 0 && ((unsigned char)name[max] & 0xc0) == 0x80)
        max--;
    name[max] = '\0';
}

/*
 * A name that is safe already, but that another one could be repaired to: it gets a
 * mark of its own. Repaired ones hold a '_' or were cut, so 2.0-20241105 stays.
 */
static bool looks_marked(const char *name, size_t max)
{
    size_t size = strlen(name);

    if (strcmp(name, "_") == 0) /* what the empty name becomes */
        return true;
    if (size <= MARK_SIZE || name[size - MARK_SIZE] != '-')
        return false;
    if (strspn(name + size - MARK_HEX_SIZE, "0123456789abcdef") != MARK_HEX_SIZE)
        return false;
    return memchr(name, '_', size - MARK_SIZE) || size + UTF8_SLACK >= max;
}

static char *make_safe(const char *text, size_t max)
{
    size_t size = strlen(text);
    auto_free char *name = xcalloc(size + 1, 1);
    char hex[DIGEST_HEX_SIZE];

    if (size == 0)
        return xstrdup("_");
    repair(text, size, name);
    if (size <= max && strcmp(name, text) == 0 && !looks_marked(name, max))
        return auto_take(name);
    cut(name, max - MARK_SIZE);
    digest_of(text, size, hex);
    return xasprintf("%s-%.*s", name, MARK_HEX_SIZE, hex);
}

/* Walks a template byte by byte and name by name. */
struct cursor {
    const struct template *template;
    size_t piece;
    size_t byte;
};

struct token {
    const char *name; /* or NULL: the byte counts */
    char byte;
};

static bool next_token(struct cursor *cursor, struct token *token)
{
    if (cursor->piece == template_count(cursor->template))
        return false;
    const struct template_piece *piece = template_piece(cursor->template, cursor->piece);

    *token = (struct token){.name = piece->name};
    if (!piece->name)
        token->byte = piece->text[cursor->byte++];
    if (piece->name || piece->text[cursor->byte] == '\0') {
        cursor->piece++;
        cursor->byte = 0;
    }
    return true;
}

/* One component of a template, as far as it is known before any value is. */
struct component {
    size_t own_size; /* of the template's text in it */
    size_t own_dots;
    size_t names;
    bool is_last;
};

static struct component measure(struct cursor from)
{
    struct component component = {0};
    struct token token;

    while (next_token(&from, &token)) {
        if (!token.name && token.byte == '/')
            return component;
        component.names += token.name != NULL;
        component.own_size += token.name == NULL;
        component.own_dots += !token.name && token.byte == '.';
    }
    component.is_last = true;
    return component;
}

/* Depends on the template only: a value is always written in the same way. */
static size_t value_room(const struct component *component)
{
    size_t room = PATH_NAME_COMPONENT_MAX_BYTES;

    if (component->own_size >= room)
        return 0;
    room = (room - component->own_size) / (component->names ? component->names : 1);
    return room < PATH_NAME_MAX_BYTES ? room : PATH_NAME_MAX_BYTES;
}

static const char *component_fault(const struct component *component)
{
    bool has_only_dots = component->own_dots == component->own_size;

    if (value_room(component) < LEAST_VALUE_SIZE)
        return "a part between two slashes is too long";
    if (component->names == 0 && component->own_size == 0)
        return "it is absolute, or has nothing between two slashes or behind the last one";
    if (component->names == 0 && has_only_dots && component->own_size <= 2)
        return "it has \".\" or \"..\" between slashes";
    return NULL;
}

static const char *literal_fault(const struct template *template)
{
    for (size_t i = 0; i < template_count(template); i++) {
        const char *text = template_piece(template, i)->text;

        if (text && !printable_is(text))
            return "it has control characters or is not UTF-8";
    }
    return NULL;
}

static const char *find_fault(const struct template *template)
{
    struct cursor cursor = {.template = template};
    struct component component = {0};
    const char *fault = literal_fault(template);

    while (!fault && !component.is_last) {
        struct token token;

        component = measure(cursor);
        fault = component_fault(&component);
        while (next_token(&cursor, &token) && (token.name || token.byte != '/'))
            continue;
    }
    return fault;
}

struct filling {
    template_lookup_fn *lookup;
    void *owner;
    struct cursor cursor;
    struct buf path;
};

static void add_value(struct filling *filling, const char *name, size_t room, struct buf *out)
{
    const char *value = filling->lookup(filling->owner, name);
    auto_free char *safe = make_safe(value ? value : "", room);

    buf_print(out, "%s", safe);
}

/* Appends one component and leaves the cursor behind its slash. */
static bool add_component(struct filling *filling, struct err *err)
{
    struct component component = measure(filling->cursor);
    auto_buf struct buf text = {.max = PATH_NAME_COMPONENT_MAX_BYTES + 1};
    struct token token;

    while (next_token(&filling->cursor, &token)) {
        if (token.name)
            add_value(filling, token.name, value_room(&component), &text);
        else
            buf_print(&text, "%c", token.byte);
        if (!token.name && token.byte == '/')
            break;
    }
    if (text.size > filling->path.max - filling->path.size)
        return err_set(err, ERR_INPUT, "make path: over %d bytes", PATH_NAME_FILLED_MAX_BYTES);
    return buf_add_text(&filling->path, text.bytes, err);
}

static bool fill(struct filling *filling, struct err *err)
{
    while (filling->cursor.piece < template_count(filling->cursor.template)) {
        if (!add_component(filling, err))
            return false;
    }
    return true;
}

char *path_name_new(const char *text)
{
    return make_safe(text, PATH_NAME_MAX_BYTES);
}

bool path_name_check(const struct template *template, struct err *err)
{
    const char *fault = find_fault(template);
    auto_free char *text = printable_new(template_text(template));

    if (fault)
        return err_set(err, ERR_CONFIG, "make path: %s (\"%s\")", fault, text);
    return true;
}

char *path_name_fill(const struct template *template, template_lookup_fn *lookup, void *owner,
                     struct err *err)
{
    struct filling filling = {
        .lookup = lookup,
        .owner = owner,
        .cursor = {.template = template},
        .path = {.max = PATH_NAME_FILLED_MAX_BYTES},
    };

    if (!path_name_check(template, err))
        return NULL;
    if (!fill(&filling, err)) {
        buf_release(&filling.path);
        return NULL;
    }
    return filling.path.bytes;
}

void path_name_split(const char *path, struct path_name_parts *parts)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const char *dot = strrchr(file, '.');

    if (dot == file)
        dot = NULL;
    parts->dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
    parts->file = xstrdup(file);
    parts->stem = xstrndup(file, dot ? (size_t)(dot - file) : strlen(file));
    parts->ext = xstrdup(dot ? dot + 1 : "");
}

void path_name_parts_release(struct path_name_parts *parts)
{
    free(parts->dir);
    free(parts->file);
    free(parts->stem);
    free(parts->ext);
    *parts = (struct path_name_parts){0};
}
