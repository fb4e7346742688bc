#pragma once

#include <ostream>

#include "app/cli/options.h"

namespace orrery {

// `orrery inspect`: prints what is in latent files: a page for one, a table for several, a JSON line each with --json;
// and writes --preview. Every dataset is read, so every checksum is verified. Files of a run at work may be looked at:
// they are whole, and replaced as a whole. What is good is printed first; then throws one InputError with a line for
// each file that is not.
void inspect(const Options& options, std::ostream& out);

}  // namespace orrery
