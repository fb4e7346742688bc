#pragma once

#include <ostream>

#include "app/cli/options.h"

namespace orrery {

// `orrery compare A B`: how far B is from A: two latent files, or the pictures of two images or videos. Prints a table,
// or one JSON object. Returns the exit code: 1 when a value differs by more than --tolerance (latents: in their units;
// pictures: in steps of 255), or the number of frames differs, otherwise 0. Throws InputError for files that cannot be
// read or compared: another kind, another shape.
int compare(const Options& options, std::ostream& out);

}  // namespace orrery
