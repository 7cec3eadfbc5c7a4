// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50106 "SI Sales Receivables Setup"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'salesReceivablesSetup';
    EntitySetName = 'salesReceivablesSetup';
    SourceTable = "Sales & Receivables Setup";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;
                    Editable = false;
                }
                field(writeInProductType; Rec."Write-in Product Type")
                {
                    Caption = 'Write-in Product Type', Locked = true;
                    Editable = false;
                }
                field(writeInProductNumber; Rec."Write-in Product No.")
                {
                    Caption = 'Write-in Product No.', Locked = true;
                    Editable = false;
                }
                field(freightAccountNumber; Rec."Freight G/L Acc. No.")
                {
                    Caption = 'Freight G/L Acc. No.', Locked = true;
                    Editable = false;
                }
                field(defaultPriceListCode; Rec."Default Price List Code")
                {
                    Caption = 'Default Price List Code', Locked = true;
                    Editable = false;
                }
                field(archiveOrders; Rec."Archive Orders")
                {
                    Caption = 'Archive Orders', Locked = true;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }
}
