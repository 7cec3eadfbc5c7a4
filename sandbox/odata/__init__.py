"""Reads OData queries; what a property means is each system's own business."""
