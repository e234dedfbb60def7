/*
 * path_name.h - names that others chose, made safe as parts of a path.
 *
 * A product may be called "../../etc", "" or 300 bytes of emoji, and its SBOM still
 * gets a file of its own below one folder. What is safe stays as it is; everything
 * else is repaired and marked with a piece of the SHA-256 of what it was, so that two
 * names never share a file:
 *
 *   "Router X"    Router X                  "a/b"    a_b-c14cddc0
 *   ""            _                         ".."     __-5ec1f7e7
 */
#ifndef BASE_PATH_NAME_H
#define BASE_PATH_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/template.h"

enum {
    PATH_NAME_MAX_BYTES = 200, /* a name, leaving room for what a writer appends (".tmp") */
    PATH_NAME_COMPONENT_MAX_BYTES = 255,
    PATH_NAME_FILLED_MAX_BYTES = 1024,
};

/*
 * One component: printable UTF-8, no '/', not "." or "..", no leading '.' or '-', no
 * trailing blank or dot, 1 to 200 bytes. Caller frees.
 */
char *path_name_new(const char *text);

/*
 * Says (ERR_CONFIG) when a template can not make a relative path below one folder: its
 * own text is absolute, has an empty, "." or ".." component, is not printable, or
 * leaves no room for the values.
 */
bool path_name_check(const struct template *template, struct err *err);

/*
 * Fills a template to a relative path: '/' of the template separates, each value is
 * made safe inside its component, one without value is "_". NULL with ERR_INPUT when
 * it is over 1,024 bytes, ERR_CONFIG as path_name_check(). Caller frees.
 */
char *path_name_fill(const struct template *template, template_lookup_fn *lookup, void *owner,
                     struct err *err);

/*
 * The parts of a path, each the memory of the struct: "a/b/fw.tar.gz" is dir "a/b" ("" at
 * the top), file "fw.tar.gz", stem "fw.tar", ext "gz". A leading dot starts no extension.
 */
struct path_name_parts {
    char *dir;
    char *file;
    char *stem;
    char *ext;
};

void path_name_split(const char *path, struct path_name_parts *parts);
void path_name_parts_release(struct path_name_parts *parts);

#define auto_path_name_parts __attribute__((cleanup(path_name_parts_release)))

#endif
