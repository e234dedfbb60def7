/*
 * sbom_reader.c - looks at the first bytes and hands over.
 *
 * The head is collected until it is sure to hold the first significant ones, however the
 * pieces were cut. It decides the syntax only; whether the document is an SBOM, and which,
 * the syntax's reader finds out. HTML is told apart here because it is what a proxy or a
 * sign-in page sends, and people should read that and not a syntax error.
 */
#include "sbom/sbom_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sbom/sbom_format.h"
#include "sbom/sbom_tree.h"

enum { HEAD_SIZE = 24 }; /* room for "<!doctype html" after a mark and some blanks */

struct sbom_reader {
    struct sbom_tree *tree;
    const struct sbom_format *format; /* NULL until the head is known */
    void *parser;
    char head[HEAD_SIZE + 1];
    size_t head_size;
    struct err failed; /* kind OK: nothing failed yet */
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Cuts a byte order mark and white space off the front: one case less for every reader. */
static void trim_head(struct sbom_reader *reader)
{
    size_t cut = strncmp(reader->head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (cut < reader->head_size && is_blank(reader->head[cut]))
        cut++;
    reader->head_size -= cut;
    memmove(reader->head, reader->head + cut, reader->head_size + 1);
}

static bool is_html(const char *head)
{
    return strncasecmp(head, "<html", 5) == 0 || strncasecmp(head, "<!doctype html", 14) == 0;
}

static const struct sbom_format *format_of(const char *head)
{
    if (head[0] == '{' || head[0] == '[' || head[0] == '"')
        return &sbom_json;
    if (head[0] == '<' || strncmp(head, "\xff\xfe", 2) == 0 || strncmp(head, "\xfe\xff", 2) == 0)
        return &sbom_xml; /* these two begin UTF-16, which only XML may be in */
    return &sbom_tag;
}

static bool choose(struct sbom_reader *reader, struct err *err)
{
    if (is_html(reader->head))
        return err_set(err, ERR_DATA, "is an HTML page, not an SBOM");
    reader->format = format_of(reader->head);
    reader->parser = reader->format->new (reader->tree);
    return reader->format->feed(reader->parser, reader->head, reader->head_size, err);
}

/* The head is full, or all there is: is it known what the document claims to be? */
static bool judge_head(struct sbom_reader *reader, struct err *err)
{
    trim_head(reader);
    return reader->head_size == 0 || choose(reader, err);
}

static bool feed(struct sbom_reader *reader, const char *bytes, size_t size, struct err *err)
{
    while (size > 0 && !reader->format) {
        reader->head[reader->head_size++] = *bytes++;
        reader->head[reader->head_size] = '\0';
        size--;
        if (reader->head_size == HEAD_SIZE && !judge_head(reader, err))
            return false;
    }
    return size == 0 || reader->format->feed(reader->parser, bytes, size, err);
}

static bool finish(struct sbom_reader *reader, struct sbom_facts *facts, struct err *err)
{
    if (!reader->format && !judge_head(reader, err))
        return false;
    if (!reader->format)
        return err_set(err, ERR_DATA, "is empty");
    if (!reader->format->finish(reader->parser, facts, err))
        return false;
    sbom_tree_tally(reader->tree, facts->kind, facts);
    if (facts->newer) { /* its components may be elsewhere, or other things */
        facts->components = -1;
        memcpy(facts->component_id, facts->content_id, sizeof facts->component_id);
    }
    return true;
}

struct sbom_reader *sbom_reader_new(void)
{
    struct sbom_reader *reader = xcalloc(1, sizeof *reader);

    reader->tree = sbom_tree_new();
    return reader;
}

void sbom_reader_free(struct sbom_reader *reader)
{
    if (!reader)
        return;
    if (reader->parser)
        reader->format->free(reader->parser);
    sbom_tree_free(reader->tree);
    free(reader);
}

void sbom_reader_observe(struct sbom_reader *reader, sbom_component_fn *component, void *owner)
{
    assert(!reader->format && reader->head_size == 0);
    sbom_tree_observe(reader->tree, component, owner);
}

bool sbom_reader_feed(struct sbom_reader *reader, const void *bytes, size_t size, struct err *err)
{
    if (reader->failed.kind == ERR_OK && feed(reader, bytes, size, &reader->failed))
        return true;
    *err = reader->failed;
    return false;
}

bool sbom_reader_finish(struct sbom_reader *reader, struct sbom_facts *facts, struct err *err)
{
    struct sbom_facts found = {0};

    if (reader->failed.kind != ERR_OK || !finish(reader, &found, &reader->failed)) {
        *err = reader->failed;
        return false;
    }
    *facts = found;
    return true;
}
