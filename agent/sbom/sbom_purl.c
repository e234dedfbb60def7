/*
 * sbom_purl.c - two spellings of one thing become one key.
 *
 * pkg:type/namespace/name@version?qualifiers#subpath (the package-url specification)
 * cpe:2.3:part:vendor:product:version:update:... (NISTIR 7695, formatted string)
 * cpe:/part:vendor:product:version:update:...    (the same, URI; cut short at its end)
 */
#include "sbom/sbom_purl.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum {
    SEPARATOR = '\x1f', /* between the attributes in a key; no such name has one */
    CPE_VERSION = 3,    /* attributes from 0: part, vendor, product, version, update, ... */
    CPE_UPDATE = 4,
};

struct slice {
    const char *text;
    size_t size;
};

/* ASCII's only, as the specifications mean it. */
static char lower(char byte)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";

    if (byte >= 'A' && byte <= 'Z')
        return small[byte - 'A'];
    return byte;
}

static bool skip_prefix(struct slice *slice, const char *prefix)
{
    size_t size = strlen(prefix);

    if (slice->size < size || strncasecmp(slice->text, prefix, size) != 0)
        return false;
    slice->text += size;
    slice->size -= size;
    return true;
}

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (lower(byte) >= 'a' && lower(byte) <= 'f')
        return lower(byte) - 'a' + 10;
    return -1;
}

/* Writes one character to out and says how many bytes it was spelled with. */
static size_t decode(struct slice slice, char *out)
{
    int high = slice.size >= 3 && slice.text[0] == '%' ? digit_of(slice.text[1]) : -1;
    int low = high >= 0 ? digit_of(slice.text[2]) : -1;

    *out = slice.text[0];
    if (low < 0)
        return 1;
    *out = (char)(high << 4 | low);
    return 3;
}

static size_t decode_all(struct slice slice, char *out)
{
    size_t size = 0;

    for (size_t at = 0; at < slice.size;)
        at += decode((struct slice){slice.text + at, slice.size - at}, &out[size++]);
    return size;
}

/* --- package URLs ----------------------------------------------------------------------------- */

/* Their specifications say that case does not count, neither in the namespace. */
static bool is_caseless(struct slice type)
{
    static const char *const types[] = {"alpm",   "apk",    "bitbucket", "composer", "deb",
                                        "github", "golang", "hex",       "pypi"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i]) == type.size && strncasecmp(types[i], type.text, type.size) == 0)
            return true;
    }
    return false;
}

/*
 * The version begins after the last "@", unless that begins a name, as in "pkg:npm/@scope/x",
 * which people write though it should be "%40".
 */
static struct slice cut_version(struct slice *rest)
{
    for (size_t at = rest->size; at-- > 1;) {
        if (rest->text[at] == '@' && rest->text[at - 1] != '/') {
            struct slice version = {rest->text + at + 1, rest->size - at - 1};

            rest->size = at;
            return version;
        }
    }
    return (struct slice){rest->text, 0};
}

static struct slice cut_type(struct slice *rest)
{
    const char *end = memchr(rest->text, '/', rest->size);
    struct slice type = {rest->text, end ? (size_t)(end - rest->text) : rest->size};

    rest->text += type.size;
    rest->size -= type.size;
    return type;
}

/* Namespace and name with the slash before each; empty segments do not count. */
static void add_names(struct sbom_purl *purl, struct slice names, struct slice type)
{
    bool caseless = is_caseless(type);
    bool is_pypi = type.size == 4 && strncasecmp(type.text, "pypi", 4) == 0;

    while (names.size > 0) {
        char byte;
        size_t used = decode(names, &byte);
        bool is_slash = used == 1 && byte == '/';

        names.text += used;
        names.size -= used;
        if (is_slash && (names.size == 0 || names.text[0] == '/'))
            continue;
        if (byte == '/' && !is_slash) /* one that belongs to the name */
            byte = SEPARATOR;
        if (is_pypi && byte == '_')
            byte = '-';
        if (caseless)
            byte = lower(byte);
        purl->key[purl->key_size++] = byte;
    }
}

/* --- CPEs ------------------------------------------------------------------------------------- */

/* The next attribute; a colon after a backslash belongs to it. */
static struct slice next_attribute(struct slice *rest)
{
    struct slice attribute = {rest->text, 0};

    while (attribute.size < rest->size && rest->text[attribute.size] != ':')
        attribute.size +=
            rest->text[attribute.size] == '\\' && attribute.size + 1 < rest->size ? 2 : 1;
    size_t used = attribute.size + (attribute.size < rest->size);
    rest->text += used;
    rest->size -= used;
    return attribute;
}

/* Without the quoting of either spelling; "*" and nothing are both any value. */
static size_t unquote(struct slice attribute, char *out)
{
    size_t size = 0;

    if (attribute.size == 1 && attribute.text[0] == '*')
        return 0;
    for (size_t at = 0; at < attribute.size;) {
        if (attribute.text[at] == '\\' && at + 1 < attribute.size) {
            out[size++] = attribute.text[at + 1];
            at += 2;
        } else {
            at += decode((struct slice){attribute.text + at, attribute.size - at}, &out[size++]);
        }
    }
    return size;
}

static void add_attribute(struct sbom_purl *cpe, struct slice attribute)
{
    size_t size = unquote(attribute, cpe->key + cpe->key_size);

    for (size_t i = 0; i < size; i++, cpe->key_size++)
        cpe->key[cpe->key_size] = lower(cpe->key[cpe->key_size]);
    cpe->key[cpe->key_size++] = SEPARATOR;
}

bool sbom_purl_parse(const char *text, size_t size, struct sbom_purl *purl)
{
    struct slice rest = {text, size};

    assert(size <= SBOM_FIELD_MAX);
    if (!skip_prefix(&rest, "pkg:"))
        return false;
    while (skip_prefix(&rest, "/")) /* "pkg://" is taken, too */
        continue;
    size_t end = 0;
    while (end < rest.size && rest.text[end] != '?' && rest.text[end] != '#')
        end++;
    purl->has_end = end < rest.size;
    rest.size = end;
    struct slice version = cut_version(&rest);
    struct slice type = cut_type(&rest);
    for (purl->key_size = 0; purl->key_size < type.size; purl->key_size++)
        purl->key[purl->key_size] = lower(type.text[purl->key_size]);
    add_names(purl, rest, type);
    purl->version_size = decode_all(version, purl->version);
    return true;
}

bool sbom_cpe_parse(const char *text, size_t size, struct sbom_purl *cpe)
{
    struct slice rest = {text, size};

    assert(size <= SBOM_FIELD_MAX);
    if (!skip_prefix(&rest, "cpe:2.3:") && !skip_prefix(&rest, "cpe:/"))
        return false;
    cpe->key_size = 0;
    cpe->version_size = 0;
    cpe->has_end = false;
    for (size_t i = 0; rest.size > 0; i++) {
        struct slice attribute = next_attribute(&rest);

        if (i == CPE_VERSION)
            cpe->version_size = unquote(attribute, cpe->version);
        else if (i != CPE_UPDATE)
            add_attribute(cpe, attribute);
    }
    while (cpe->key_size > 0 && cpe->key[cpe->key_size - 1] == SEPARATOR)
        cpe->key_size--;
    if (cpe->version_size == 1 && cpe->version[0] == '-') /* it has none */
        cpe->version_size = 0;
    return true;
}
