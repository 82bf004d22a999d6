"""The desk over HTTP: pages, the JSON API, and the guards in front of them.

``service.app.create_app`` puts the parts together.  Every route names the right it needs with
``Depends(needs("..."))`` or stands in ``rights_dependency.PUBLIC`` with a reason; an app with a
route that does neither does not start.
"""
