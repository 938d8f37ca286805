from django.urls import path

from audit import views

urlpatterns = [
    path("logs/", views.AuditLogViewSet.as_view({"get": "list"}), name="audit-log-list"),
    path("logs/export.csv", views.CsvExportView.as_view({"get": "list"}), name="audit-log-csv"),
    path("logs/export.jsonl", views.JsonLinesExportView.as_view({"get": "list"}), name="audit-log-jsonl"),
]
