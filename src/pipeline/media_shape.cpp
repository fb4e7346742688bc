#include "pipeline/media_shape.h"

#include "models/cosmos3/stream_layers.h"

namespace orrery {

MediaShape media_shape(const Request& request, const Cosmos3Config& config) {
  MediaShape shape;
  shape.fps = request.fps;
  for (auto [stream, extents] : request.extents()) {
    extents.insert(extents.begin(), kind_of(stream).channels(config));
    shape.streams[stream] = {extents, request.given(stream)};
  }
  return shape;
}

}  // namespace orrery
