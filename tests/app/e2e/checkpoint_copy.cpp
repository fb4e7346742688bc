#include "checkpoint_copy.h"

#include <cstdint>
#include <cstring>

#include "base/core/file.h"

namespace orrery {
namespace fs = std::filesystem;

void edit_json(const fs::path& file, const std::function<void(Json&)>& edit) {
  Json json = parse_json_file(file);
  edit(json);
  write_file(file, json.dump(2));
}

void edit_header(const fs::path& file, const std::function<void(Json&)>& edit) {
  const std::string content = read_file(file);
  std::uint64_t length = 0;
  std::memcpy(&length, content.data(), sizeof length);
  Json header = Json::parse(content.substr(sizeof length, length));
  edit(header);
  const std::string text = header.dump();
  const std::uint64_t new_length = text.size();
  std::string changed(sizeof new_length, '\0');
  std::memcpy(changed.data(), &new_length, sizeof new_length);
  write_file(file, changed + text + content.substr(sizeof length + length));
}

void set_header_length(const fs::path& file, std::uint64_t length) {
  std::string content = read_file(file);
  std::memcpy(content.data(), &length, sizeof length);
  write_file(file, content);
}

void cut_in_half(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

}  // namespace orrery
