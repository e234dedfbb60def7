/* doctor_parts.h - the groups of checks. Each only looks: nothing is made, nothing is changed. */
#ifndef CLI_DOCTOR_PARTS_H
#define CLI_DOCTOR_PARTS_H

#include "cli/doctor.h"
#include "config/config.h"

/* Versions of this program and its libraries. */
void doctor_program(struct doctor *doctor);

/* Loads the configuration into the session. NULL: it is wrong, what rests on it is skipped. */
const struct config *doctor_configuration(struct doctor *doctor);

/* Where the platform is, which certificates are trusted, which proxy is in the way. */
void doctor_network(struct doctor *doctor, const struct config *config);

/* Clock and core dumps. */
void doctor_machine(struct doctor *doctor);

/* The kernel's limits against what the watches need. */
void doctor_watches(struct doctor *doctor, const struct config *config);

/* State and SBOM directory. */
void doctor_folders(struct doctor *doctor, const struct config *config);

/* The token, and the way to the platform step by step. Takes as long as their answers. */
void doctor_platform(struct doctor *doctor, const struct config *config);

#endif
