#pragma once

#include <filesystem>

#include "io/text/added_tokens.h"
#include "io/text/bpe_tables.h"

namespace orrery {

// Reads a tokenizer.json that describes byte-level BPE, and its added tokens into `added`. Settings that are not
// implemented are refused by name. Throws InputError.
BpeTables read_tokenizer_json(const std::filesystem::path& path, AddedTokens& added);

}  // namespace orrery
