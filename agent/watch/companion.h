/*
 * companion.h - a file that belongs to an image: its marker, sidecar or SBOM.
 *
 * Named by a template over the image's relative path ({path} {relpath} {dir} {file}
 * {stem} {ext}). rule.h tells what is recognised; internal to watch/rule.
 */
#ifndef WATCH_COMPANION_H
#define WATCH_COMPANION_H

#include <stdbool.h>

#include "base/err.h"

struct companion;

struct companion *companion_new(const char *text, struct err *err);
void companion_free(struct companion *companion); /* NULL is fine */

const char *companion_text(const struct companion *companion);

/* Could this be the companion of any image? */
bool companion_matches(const struct companion *companion, const char *relpath);

/* Where the companion of this image lies, relative. Caller frees. */
char *companion_path(const struct companion *companion, const char *relpath);

static inline void auto_companion_fn(struct companion **companion)
{
    companion_free(*companion);
}

#define auto_companion __attribute__((cleanup(auto_companion_fn)))

#endif
