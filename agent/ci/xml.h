/*
 * xml.h - text from elsewhere in an XML 1.0 document. Pure but for the stream.
 *
 * Markup is escaped. What XML forbids (control characters but tab and line ends, U+FFFE, U+FFFF),
 * what moves a terminal's cursor (DEL, C1) and bytes that are no UTF-8 become U+FFFD, so that
 * every reader takes the document whatever a file in a firmware is called.
 */
#ifndef CI_XML_H
#define CI_XML_H

#include <stdio.h>

/* Between tags. */
void xml_text(FILE *stream, const char *text);

/* A blank, then name="text"; nothing for NULL. Line ends and tabs are kept as references. */
void xml_attribute(FILE *stream, const char *name, const char *text);

#endif
