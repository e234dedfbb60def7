/*
 * sbom_xml.c - CycloneDX XML, by expat.
 *
 * An element is an object, its attributes and child elements are members, its text is a
 * member without a key. Names in the namespace of the root go without it, so that the
 * rules for JSON's keys hold; others keep theirs. No document type is let in, so there
 * are no entities to expand.
 */
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sbom/sbom_format.h"
#include "sbom/sbom_text.h"
#include "sbom/sbom_version.h"

enum {
    NAMESPACE_MARK = '|', /* between namespace and name; cannot occur in an address */
    NAMESPACE_SIZE = 64,
    SLICE = 64 * 1024,
    TOKEN_MAX = 256 * 1024, /* expat holds an unfinished tag or comment and reads it again */
    NAMES_MAX = 2000,       /* it keeps every name it ever met; CycloneDX has some 300 */
    NAME_BITS = 1 << 16,
};

static const char namespaces[] = "http://cyclonedx.org/schema/bom/";

struct xml {
    XML_Parser parser;
    struct sbom_tree *tree;
    struct sbom_text text;
    size_t depth;
    char namespace[NAMESPACE_SIZE]; /* of the root, with the mark */
    char version[SBOM_VERSION_SIZE];
    uint64_t fed;
    size_t names;
    unsigned char seen[NAME_BITS / 8]; /* a bit for each name's hash */
    struct err refused;                /* set by a handler, which cannot fail otherwise */
};

/* The first reason is the right one: expat may call on until it sees that it should stop. */
static void refuse(struct xml *xml, const char *why)
{
    if (xml->refused.kind == ERR_OK)
        err_record(&xml->refused, ERR_DATA, "%s", why);
    XML_StopParser(xml->parser, XML_FALSE);
}

/* Bounds what expat keeps. Where this struct lies makes the hash hard to foresee. */
static void note_name(struct xml *xml, const char *name)
{
    uint64_t hash = 14695981039346656037U ^ (uintptr_t)xml;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211U;
    size_t bit = (hash >> 32) % NAME_BITS;
    if (xml->seen[bit / 8] & 1U << bit % 8)
        return;
    xml->seen[bit / 8] |= (unsigned char)(1U << bit % 8);
    if (++xml->names > NAMES_MAX)
        refuse(xml, "is XML with too many different names");
}

/* Text is over when a tag begins or ends; comments and CDATA marks do not interrupt it. */
static void flush_text(struct xml *xml)
{
    struct sbom_leaf leaf;

    if (xml->depth > 0 && sbom_text_leaf(&xml->text, &leaf))
        sbom_tree_leaf(xml->tree, &leaf);
    sbom_text_clear(&xml->text);
}

/* An extension's elements keep their namespace, so no rule takes them for CycloneDX's. */
static const char *short_name(const struct xml *xml, const char *name)
{
    size_t size = strlen(xml->namespace);

    return strncmp(name, xml->namespace, size) == 0 ? name + size : name;
}

/* "http://cyclonedx.org/schema/bom/1.6|bom" */
static bool take_root(struct xml *xml, const char *name)
{
    size_t common = sizeof namespaces - 1;
    const char *mark = strchr(name, NAMESPACE_MARK);

    if (strcasecmp(mark ? mark + 1 : name, "html") == 0) {
        refuse(xml, "is an HTML page, not an SBOM");
        return false;
    }
    size_t version = mark ? (size_t)(mark - name) - common : 0;
    if (!mark || strncmp(name, namespaces, common) != 0 || strcmp(mark, "|bom") != 0 ||
        version >= sizeof xml->version) {
        refuse(xml, "is XML but no SBOM: its root is not CycloneDX's bom");
        return false;
    }
    memcpy(xml->version, name + common, version);
    memcpy(xml->namespace, name, common + version + 1);
    return true;
}

static void on_start(void *owner, const char *name, const char **attributes)
{
    struct xml *xml = owner;

    if (xml->refused.kind != ERR_OK || (xml->depth == 0 && !take_root(xml, name)))
        return;
    if (xml->depth == SBOM_DEPTH_MAX) {
        refuse(xml, "is nested too deeply");
        return;
    }
    flush_text(xml);
    sbom_tree_enter(xml->tree, short_name(xml, name), false);
    xml->depth++;
    for (size_t i = 0; attributes[i]; i += 2) {
        const struct sbom_leaf leaf = {attributes[i], 's', attributes[i + 1],
                                       strlen(attributes[i + 1])};
        sbom_tree_leaf(xml->tree, &leaf);
        note_name(xml, attributes[i]);
    }
    note_name(xml, name);
}

static void on_prefix(void *owner, const char *prefix, const char *address)
{
    (void)address; /* kept only while it is in scope */
    if (prefix)
        note_name(owner, prefix);
}

static void on_end(void *owner, const char *name)
{
    struct xml *xml = owner;

    if (xml->refused.kind != ERR_OK)
        return;
    flush_text(xml);
    sbom_tree_leave(xml->tree, short_name(xml, name));
    xml->depth--;
}

static void on_text(void *owner, const char *bytes, int size)
{
    struct xml *xml = owner;

    if (xml->refused.kind == ERR_OK && xml->depth > 0)
        sbom_text_add(&xml->text, bytes, (size_t)size);
}

/* Called before anything in the declaration is read, so no entity ever comes to be. */
static void on_doctype(void *owner, const char *name, const char *system_id, const char *public_id,
                       int has_internal_subset)
{
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    if (strcasecmp(name, "html") == 0)
        refuse(owner, "is an HTML page, not an SBOM");
    else
        refuse(owner, "is XML with a document type declaration, which no SBOM needs");
}

static bool fail(struct xml *xml, struct err *err)
{
    if (xml->refused.kind != ERR_OK) {
        *err = xml->refused;
        return false;
    }
    return err_set(err, ERR_DATA, "is not valid XML at line %lu: %s",
                   (unsigned long)XML_GetCurrentLineNumber(xml->parser),
                   XML_ErrorString(XML_GetErrorCode(xml->parser)));
}

/* How much of what was fed waits for the end of its tag or comment. */
static bool is_token_too_long(const struct xml *xml)
{
    XML_Index parsed = XML_GetCurrentByteIndex(xml->parser);

    return parsed >= 0 && xml->fed - (uint64_t)parsed > TOKEN_MAX + SLICE;
}

static void *xml_new(struct sbom_tree *tree)
{
    struct xml *xml = xcalloc(1, sizeof *xml);

    xml->tree = tree;
    xml->text.tree = tree;
    xml->parser = XML_ParserCreateNS(NULL, NAMESPACE_MARK);
    if (!xml->parser)
        abort();
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartNamespaceDeclHandler(xml->parser, on_prefix);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return xml;
}

static bool xml_feed(void *format, const char *bytes, size_t size, struct err *err)
{
    struct xml *xml = format;

    while (size > 0) {
        size_t part = size < SLICE ? size : SLICE;

        xml->fed += part;
        if (XML_Parse(xml->parser, bytes, (int)part, XML_FALSE) != XML_STATUS_OK)
            return fail(xml, err);
        if (is_token_too_long(xml))
            return err_set(err, ERR_DATA, "is XML with a tag or comment over %d KiB",
                           TOKEN_MAX / 1024);
        bytes += part;
        size -= part;
    }
    return true;
}

/* What expat says of a document that is good as far as it goes. */
static bool is_cut(const struct xml *xml)
{
    enum XML_Error code = XML_GetErrorCode(xml->parser);

    return xml->refused.kind == ERR_OK &&
           (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN ||
            code == XML_ERROR_PARTIAL_CHAR || code == XML_ERROR_UNCLOSED_CDATA_SECTION);
}

static bool xml_finish(void *format, struct sbom_facts *facts, struct err *err)
{
    struct xml *xml = format;

    /* Later expats put off what looks unfinished, so other mistakes may show only here. */
    if (XML_Parse(xml->parser, "", 0, XML_TRUE) != XML_STATUS_OK)
        return is_cut(xml) ? err_set(err, ERR_DATA, "ends in the middle of the XML document")
                           : fail(xml, err);
    return sbom_version_set(facts, SBOM_CYCLONEDX_XML, xml->version, err);
}

static void xml_free(void *format)
{
    struct xml *xml = format;

    XML_ParserFree(xml->parser);
    free(xml);
}

const struct sbom_format sbom_xml = {xml_new, xml_feed, xml_finish, xml_free};
