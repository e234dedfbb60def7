/*
 * template.h - texts with {names} in them, checked once and filled often.
 *
 *   "{vendor}-{product}-{env:BUILD}"      {{ and }} stand for the braces themselves
 *
 * Which names exist is the caller's list; a name outside it is a configuration
 * error that says where it stands and what was probably meant. Filling one is pure:
 * values come from the caller's lookup. {env:ONEKEY_TOKEN} is refused everywhere, so
 * that no file name, field or folder can carry the token away.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Put into the list of names, it allows {env:VAR} for every VAR. */
#define TEMPLATE_ENV "env:"

enum { TEMPLATE_MAX_BYTES = 4096 };

struct template;

/* Either literal text (name is NULL) or a name without its braces (text is NULL). */
struct template_piece {
    const char *text;
    const char *name;
};

/*
 * The value of a name ("product", "env:BUILD"), borrowed until the next call; NULL or
 * "" when it has none here.
 */
typedef const char *template_lookup_fn(void *owner, const char *name);

/* names ends with NULL and is not kept. ERR_CONFIG names the byte, counted from 1. */
struct template *template_new(const char *text, const char *const *names, struct err *err);
void template_free(struct template *template); /* NULL is fine */

const char *template_text(const struct template *template); /* as it was written */
size_t template_count(const struct template *template);
const struct template_piece *template_piece(const struct template *template, size_t index);
bool template_uses(const struct template *template, const char *name);
bool template_is_constant(const struct template *template); /* no names in it */

/*
 * Appends the filled text to out. A name without value ends it: *missing is that name
 * (the template's own memory) and err is ERR_INPUT; when the text does not fit into
 * out->max, *missing is NULL.
 */
bool template_expand(const struct template *template, template_lookup_fn *lookup, void *owner,
                     struct buf *out, const char **missing, struct err *err);

static inline void auto_template_fn(struct template **template)
{
    template_free(*template);
}

#define auto_template __attribute__((cleanup(auto_template_fn)))

#endif
