#include "base/template.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"

struct template
{
    char *text;
    char *store; /* what the pieces point into */
    struct template_piece *pieces;
    size_t count;
};

/* The name that would hand the token to whoever reads a file name or a field. */
static const char forbidden_name[] = TEMPLATE_ENV "ONEKEY_TOKEN";

struct parser {
    const char *text;
    const char *const *names;
    struct template *template;
    char *end;     /* of what was stored */
    char *literal; /* the literal that is being collected, or NULL */
};

static bool fault(const struct parser *parser, size_t at, const char *what, struct err *err)
{
    auto_free char *text = printable_new(parser->text);

    /* The text may be long: it stands where the message may be cut. */
    return err_set(err, ERR_CONFIG, "parse template: %s (byte %zu of \"%s\")", what, at + 1, text);
}

static void add_piece(struct template *template, struct template_piece piece)
{
    size_t size = (template->count + 1) * sizeof piece;

    template->pieces = xrealloc(template->pieces, size);
    template->pieces[template->count++] = piece;
}

static void add_literal_byte(struct parser *parser, char byte)
{
    if (!parser->literal)
        parser->literal = parser->end;
    *parser->end++ = byte;
}

static void end_literal(struct parser *parser)
{
    if (!parser->literal)
        return;
    *parser->end++ = '\0';
    add_piece(parser->template, (struct template_piece){.text = parser->literal});
    parser->literal = NULL;
}

static bool is_word(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char digits[] = "0123456789";
    size_t lead = strspn(text, letters);

    /* Whatever follows the first letter may also hold digits. */
    while (lead > 0 && text[lead] != '\0') {
        size_t more = strspn(text + lead, letters) + strspn(text + lead, digits);

        if (more == 0)
            return false;
        lead += more;
    }
    return lead > 0;
}

static bool is_known(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

static bool check_env(const struct parser *parser, const char *name, size_t at, struct err *err)
{
    if (!is_known(parser->names, TEMPLATE_ENV))
        return fault(parser, at, "{env:...} is not known here", err);
    if (!is_word(name + strlen(TEMPLATE_ENV)))
        return fault(parser, at, "{env:...} needs the name of a variable", err);
    if (strcmp(name, forbidden_name) == 0)
        return fault(parser, at, "the token must not become part of a name or a field", err);
    return true;
}

static bool refuse_unknown(const struct parser *parser, const char *name, size_t at,
                           struct err *err)
{
    struct suggest suggest = {.word = name};
    auto_free char *what = NULL;

    for (const char *const *known = parser->names; *known; known++)
        suggest_offer(&suggest, *known);
    if (suggest.best && strcmp(suggest.best, TEMPLATE_ENV) != 0)
        what = xasprintf("unknown name {%s}; did you mean {%s}?", name, suggest.best);
    else
        what = xasprintf("unknown name {%s}", name);
    return fault(parser, at, what, err);
}

static bool check_name(const struct parser *parser, const char *name, size_t at, struct err *err)
{
    if (strncmp(name, TEMPLATE_ENV, strlen(TEMPLATE_ENV)) == 0)
        return check_env(parser, name, at, err);
    if (!is_word(name))
        return fault(parser, at, "no name in the braces; {{ stands for a brace itself", err);
    if (!is_known(parser->names, name))
        return refuse_unknown(parser, name, at, err);
    return true;
}

/* *at stands on the opening brace and ends behind the closing one. */
static bool read_name(struct parser *parser, size_t *at, struct err *err)
{
    const char *start = parser->text + *at + 1;
    size_t size = strcspn(start, "{}");

    if (start[size] != '}')
        return fault(parser, *at, "the brace is not closed", err);
    end_literal(parser);
    char *name = parser->end;
    memcpy(name, start, size);
    name[size] = '\0';
    parser->end += size + 1;
    if (!check_name(parser, name, *at, err))
        return false;
    add_piece(parser->template, (struct template_piece){.name = name});
    *at += size + 2;
    return true;
}

static bool read_pieces(struct parser *parser, struct err *err)
{
    const char *text = parser->text;

    for (size_t at = 0; text[at] != '\0';) {
        bool is_brace = text[at] == '{' || text[at] == '}';

        if (!is_brace || text[at + 1] == text[at]) {
            add_literal_byte(parser, text[at]);
            at += is_brace ? 2 : 1;
            continue;
        }
        if (text[at] == '}')
            return fault(parser, at, "the brace was not opened; }} stands for a brace itself", err);
        if (!read_name(parser, &at, err))
            return false;
    }
    end_literal(parser);
    return true;
}

struct template *template_new(const char *text, const char *const *names, struct err *err)
{
    auto_template struct template *template = xcalloc(1, sizeof *template);
    struct parser parser = {.text = text, .names = names, .template = template};

    if (strlen(text) > TEMPLATE_MAX_BYTES) {
        err_set(err, ERR_CONFIG, "parse template: over %d bytes", TEMPLATE_MAX_BYTES);
        return NULL;
    }
    template->text = xstrdup(text);
    /* A name's NUL takes less than its braces did; a last literal adds the one byte more. */
    template->store = xcalloc(strlen(text) + 2, 1);
    parser.end = template->store;
    if (!read_pieces(&parser, err))
        return NULL;
    assert(parser.end <= template->store + strlen(text) + 2);
    return auto_take(template);
}

void template_free(struct template *template)
{
    if (!template)
        return;
    free(template->pieces);
    free(template->store);
    free(template->text);
    free(template);
}

const char *template_text(const struct template *template)
{
    return template->text;
}

size_t template_count(const struct template *template)
{
    return template->count;
}

const struct template_piece *template_piece(const struct template *template, size_t index)
{
    assert(index < template->count);
    return &template->pieces[index];
}

bool template_uses(const struct template *template, const char *name)
{
    for (size_t i = 0; i < template->count; i++) {
        const char *used = template->pieces[i].name;

        if (used && strcmp(used, name) == 0)
            return true;
    }
    return false;
}

bool template_is_constant(const struct template *template)
{
    for (size_t i = 0; i < template->count; i++) {
        if (template->pieces[i].name)
            return false;
    }
    return true;
}

bool template_expand(const struct template *template, template_lookup_fn *lookup, void *owner,
                     struct buf *out, const char **missing, struct err *err)
{
    auto_free char *shown = printable_new(template->text);

    *missing = NULL;
    for (size_t i = 0; i < template->count; i++) {
        const struct template_piece *piece = &template->pieces[i];
        const char *text = piece->name ? lookup(owner, piece->name) : piece->text;

        if (!text || *text == '\0') {
            *missing = piece->name;
            return err_set(err, ERR_INPUT, "fill template: {%s} has no value (\"%s\")", piece->name,
                           shown);
        }
        if (strlen(text) > out->max - out->size)
            return err_set(err, ERR_INPUT, "fill template: over %zu bytes (\"%s\")", out->max,
                           shown);
        if (!buf_add_text(out, text, err))
            return false;
    }
    return true;
}
