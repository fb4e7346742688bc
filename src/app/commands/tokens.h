#pragma once

#include <ostream>

#include "app/cli/options.h"

namespace orrery {

// `orrery tokens`: one JSON line a request to `out`, with id, caption, ids, negative_caption and negative_ids. A
// caption is null where the request gives token ids; both negative ones are null when guidance is off. Throws
// InputError.
void print_tokens(const Options& options, std::ostream& out);

}  // namespace orrery
