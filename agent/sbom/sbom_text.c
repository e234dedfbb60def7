/*
 * sbom_text.c - pieces are cut at fixed sizes, so that a digest does not depend on how
 * the document came. White space inside a text is content, around it layout.
 */
#include "sbom/sbom_text.h"

#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void flush(struct sbom_text *text)
{
    const struct sbom_leaf piece = {text->key, 's', text->bytes, text->size};

    sbom_tree_piece(text->tree, &piece);
    text->in_pieces = true;
    text->size = 0;
}

void sbom_text_add(struct sbom_text *text, const char *bytes, size_t size)
{
    while (size > 0 && text->size == 0 && !text->in_pieces && is_blank(*bytes)) {
        bytes++;
        size--;
    }
    while (size > 0) {
        size_t room = sizeof text->bytes - text->size;
        size_t part = size < room ? size : room;

        memcpy(text->bytes + text->size, bytes, part);
        text->size += part;
        bytes += part;
        size -= part;
        if (size > 0) /* so a text that just fits is never cut */
            flush(text);
    }
}

bool sbom_text_leaf(struct sbom_text *text, struct sbom_leaf *leaf)
{
    while (text->size > 0 && is_blank(text->bytes[text->size - 1]))
        text->size--;
    *leaf = (struct sbom_leaf){text->key, 's', text->bytes, text->size};
    return text->size > 0 || text->in_pieces;
}

void sbom_text_clear(struct sbom_text *text)
{
    text->size = 0;
    text->in_pieces = false;
}

/* What is no UTF-8 loses three bytes too many at most. */
size_t sbom_text_cut(const char *text, size_t size, size_t room)
{
    size_t end = room;

    if (size <= room)
        return size;
    while (end > 0 && end + 3 > room && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    return end;
}
