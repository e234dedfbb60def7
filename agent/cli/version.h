/* version.h - what this program runs on, as the libraries tell at run time. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

/* The certificates that libcurl trusts unless told otherwise; NULL: it knows of none. */
const char *version_trust_store(void);

#endif
