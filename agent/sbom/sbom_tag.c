/*
 * sbom_tag.c - SPDX 2 tag-value: "Tag: value" lines, <text>...</text> over several of them.
 *
 * Sections (a package, a file, ...) begin with a tag of their own and last to the next
 * one. They become objects of the tree; their tags, the members. Relationships and
 * annotations may stand anywhere and belong to the document.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sbom/sbom_format.h"
#include "sbom/sbom_text.h"
#include "sbom/sbom_version.h"

enum {
    TAG_SIZE = 64,
    TAGS_BEFORE_VERSION = 16, /* it is the first one by the specification */
    MARK_SIZE = 6,
    END_MARK_SIZE = 7,
};

static const char text_mark[] = "<text>";
static const char text_end_mark[] = "</text>";

enum place {
    AT_LINE,
    IN_COMMENT,
    IN_TAG,
    BEFORE_VALUE,
    IN_VALUE,
    IN_TEXT,
    AFTER_TEXT,
};

struct tag_format {
    struct sbom_tree *tree;
    struct sbom_text text;
    enum place place;
    const char *section; /* the tag that began the open one; NULL: the document */
    char tag[TAG_SIZE];
    size_t tag_size;
    size_t tags;
    size_t marked; /* how much of <text> or </text> the last bytes were */
    unsigned long line;
};

/* Each begins an object; nested sections the format does not have. */
static const char *const sections[] = {"PackageName", "FileName", "SnippetSPDXID", "LicenseID"};

/* They name what they are about, so where they stand says nothing. */
static const char *const of_document[] = {
    "Relationship",   "RelationshipComment", "Annotator", "AnnotationDate",
    "AnnotationType", "AnnotationComment",   "SPDXREF",
};

static const char *find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return names[i];
    }
    return NULL;
}

static bool has_version(const struct tag_format *format)
{
    return sbom_tree_findings(format->tree)->spdx_version[0] != '\0';
}

static bool fail(const struct tag_format *format, struct err *err)
{
    if (!has_version(format))
        return err_set(err, ERR_DATA, "is no SBOM: neither JSON, XML nor SPDX tag-value");
    return err_set(err, ERR_DATA, "is not valid SPDX tag-value at line %lu", format->line);
}

/* The tag is complete: a section may begin with it. */
static void begin_value(struct tag_format *format)
{
    const char *section = find(sections, sizeof sections / sizeof sections[0], format->tag);

    if (section) {
        if (format->section)
            sbom_tree_leave(format->tree, format->section);
        sbom_tree_enter(format->tree, section, false);
        format->section = section;
    }
    format->place = BEFORE_VALUE;
    format->marked = 0;
}

/* After some tags without a version this is another text with colons, such as a header. */
static bool end_value(struct tag_format *format, struct err *err)
{
    struct sbom_leaf leaf;

    sbom_text_leaf(&format->text, &leaf); /* an empty value is one too */
    if (find(of_document, sizeof of_document / sizeof of_document[0], format->tag) &&
        !format->text.in_pieces)
        sbom_tree_root_leaf(format->tree, &leaf);
    else
        sbom_tree_leaf(format->tree, &leaf);
    sbom_text_clear(&format->text);
    format->tags++;
    if (!has_version(format) && format->tags == TAGS_BEFORE_VERSION)
        return fail(format, err);
    return true;
}

static bool take_tag(struct tag_format *format, char byte, struct err *err)
{
    if (byte == ':' && format->tag_size > 0) {
        format->tag[format->tag_size] = '\0';
        begin_value(format);
        return true;
    }
    if (!isalnum((unsigned char)byte) || format->tag_size == TAG_SIZE - 1)
        return fail(format, err);
    format->tag[format->tag_size++] = byte;
    return true;
}

/* At the start of a line; blank ones separate nothing. */
static bool take_line(struct tag_format *format, char byte, struct err *err)
{
    if (byte == '\n' || byte == ' ' || byte == '\t' || byte == '\r')
        return true;
    format->tag_size = 0;
    format->place = byte == '#' ? IN_COMMENT : IN_TAG;
    return byte == '#' || take_tag(format, byte, err);
}

/* Before a value: blanks, and perhaps <text>, byte by byte. */
static bool take_before(struct tag_format *format, char byte, struct err *err)
{
    if (byte == text_mark[format->marked]) {
        if (++format->marked == MARK_SIZE) {
            format->place = IN_TEXT;
            format->marked = 0;
        }
        return true;
    }
    if (format->marked == 0 && (byte == ' ' || byte == '\t'))
        return true;
    sbom_text_add(&format->text, text_mark, format->marked);
    format->place = IN_VALUE;
    if (byte != '\n') {
        sbom_text_add(&format->text, &byte, 1);
        return true;
    }
    format->place = AT_LINE;
    return end_value(format, err);
}

static bool take_value(struct tag_format *format, char byte, struct err *err)
{
    if (byte != '\n') {
        sbom_text_add(&format->text, &byte, 1);
        return true;
    }
    format->place = AT_LINE;
    return end_value(format, err);
}

/* Holds back what may be the end mark; its first byte occurs in it only once. */
static bool take_text(struct tag_format *format, char byte, struct err *err)
{
    if (byte == text_end_mark[format->marked]) {
        if (++format->marked < END_MARK_SIZE)
            return true;
        format->place = AFTER_TEXT;
        return end_value(format, err);
    }
    sbom_text_add(&format->text, text_end_mark, format->marked);
    format->marked = byte == text_end_mark[0];
    if (format->marked == 0)
        sbom_text_add(&format->text, &byte, 1);
    return true;
}

static bool take_rest(struct tag_format *format, char byte, struct err *err)
{
    if (byte == '\n')
        format->place = AT_LINE;
    else if (format->place == AFTER_TEXT && byte != ' ' && byte != '\t' && byte != '\r')
        return fail(format, err);
    return true;
}

static bool take(struct tag_format *format, char byte, struct err *err)
{
    if ((unsigned char)byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t')
        return err_set(err, ERR_DATA, "is binary data, not an SBOM");
    switch (format->place) {
    case AT_LINE:
        return take_line(format, byte, err);
    case IN_TAG:
        return take_tag(format, byte, err);
    case BEFORE_VALUE:
        return take_before(format, byte, err);
    case IN_VALUE:
        return take_value(format, byte, err);
    case IN_TEXT:
        return take_text(format, byte, err);
    case IN_COMMENT:
    case AFTER_TEXT:
        return take_rest(format, byte, err);
    }
    return false;
}

static void *tag_new(struct sbom_tree *tree)
{
    struct tag_format *format = xcalloc(1, sizeof *format);

    format->tree = tree;
    format->text.tree = tree;
    format->text.key = format->tag;
    format->line = 1;
    sbom_tree_enter(tree, NULL, false);
    return format;
}

static bool tag_feed(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct tag_format *format = owner;

    for (size_t i = 0; i < size; i++) {
        if (!take(format, bytes[i], err))
            return false;
        format->line += bytes[i] == '\n';
    }
    return true;
}

static bool tag_finish(void *owner, struct sbom_facts *facts, struct err *err)
{
    struct tag_format *format = owner;

    /* The last line may lack its end, but not its value. */
    if (format->place == IN_VALUE && !take(format, '\n', err))
        return false;
    if (!has_version(format))
        return fail(format, err);
    if (format->place == IN_TAG || format->place == BEFORE_VALUE || format->place == IN_TEXT)
        return err_set(err, ERR_DATA, "ends in the middle of line %lu", format->line);
    if (format->section)
        sbom_tree_leave(format->tree, format->section);
    sbom_tree_leave(format->tree, NULL);
    return sbom_version_set(facts, SBOM_SPDX_TAG_VALUE,
                            sbom_tree_findings(format->tree)->spdx_version, err);
}

static void tag_free(void *format)
{
    free(format);
}

const struct sbom_format sbom_tag = {tag_new, tag_feed, tag_finish, tag_free};
